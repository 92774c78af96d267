"""Is it this machine that asks, and by itself?

Only this machine can connect to a loopback listener, but any web page its user opens can make
requests to it; so a foreign Host (DNS rebinding) or Origin is refused, and bodies outside intake
must be JSON, which no page can send across origins unasked. Neither is local what a proxy passes on
for others.
"""

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache

from aiohttp import hdrs, web

from gateway.web.http.forwarded import Network, foreign_header
from gateway.web.http.gate.turned_away import AuthFailure, foreign

_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]/@?#]+))(?::[0-9]{0,5})?")


def check_local(request: web.Request, proxies: Collection[Network]) -> None:
    """Raises TurnedAway for what is another's."""
    if header := foreign_header(request, proxies):
        raise foreign(header, request.headers[header], AuthFailure.FORWARDED)
    host = _host_of(request)
    if not _names_this_machine(host):
        raise foreign("Host", host, AuthFailure.FOREIGN_HOST)
    for origin in request.headers.getall(hdrs.ORIGIN, ()):
        scheme, separator, place = origin.partition("://")
        if scheme not in ("http", "https") or not separator or not _names_this_machine(place):
            raise foreign("Origin", origin, AuthFailure.FOREIGN_ORIGIN)


def is_local(request: web.Request, proxies: Collection[Network]) -> bool:
    """Whoever made it ask: of what anybody here may read."""
    return _names_this_machine(_host_of(request)) and foreign_header(request, proxies) is None


def _host_of(request: web.Request) -> str:
    """The one Host header as it was sent; "" if there is none or more than one."""
    hosts = request.headers.getall(hdrs.HOST, ())
    return hosts[0] if len(hosts) == 1 else ""


@lru_cache(maxsize=256)
def _names_this_machine(authority: str) -> bool:
    """`localhost`, 127.0.0.0/8 or `[::1]`, with any port or none."""
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return False
    if (name := match["name"]) is not None and name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(match["v6"] or match["name"]).is_loopback
    except ValueError:
        return False
