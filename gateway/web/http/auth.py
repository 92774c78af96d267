"""Who is asking: deny by default, one static token, or none on a loopback listener.

Without a token only this machine can connect, but any web page its user opens can make requests to
it; so a foreign Host (DNS rebinding) or Origin is refused, and bodies outside intake must be JSON,
which no page can send across origins unasked. Neither can what a proxy passes on for others.

Actors say how they are vouched for: `local:anna` is a claim by somebody on this machine,
`token:anna` a claim by somebody who holds the token. Without `X-Actor` they are `local:anonymous`
and `token:admin`.
"""

import base64
import binascii
import hmac
import ipaddress
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from gateway.access.permission import Permission, Role
from gateway.access.principal import Principal
from gateway.errors import Refused
from gateway.web.http.body import require_json
from gateway.web.http.endpoint import PRINCIPAL
from gateway.web.http.forwarded import Network, foreign_header
from gateway.web.http.problems import HttpRefused
from gateway.web.http.routes import Table

DEFAULT_TENANT = 1


class AuthFailure(StrEnum):
    """Why a caller was turned away; a metric label."""

    NO_CREDENTIALS = "no_credentials"
    BAD_CREDENTIALS = "bad_credentials"
    FOREIGN_HOST = "foreign_host"
    FOREIGN_ORIGIN = "foreign_origin"
    FORWARDED = "forwarded"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    STALE_SIGNATURE = "stale_signature"


OnFailure = Callable[[AuthFailure, str], None]
"""`on_failure(reason, route)`: *route* is the template, as in `/api/v1/intake/{source}`."""

_OPEN = (Permission.PROBE, Permission.METRICS_READ)
"""Their bodies are nobody's business either."""
_ACTOR = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]/@?#]+))(?::[0-9]{0,5})?")
_CHALLENGES = 'Bearer realm="alert-gateway", Basic realm="alert-gateway", charset="UTF-8"'


def can_be_sent(token: str) -> None:
    """Raises ValueError, which does not repeat the token."""
    if any(character.isspace() or not character.isprintable() for character in token):
        raise ValueError("must not contain spaces: it could not be sent as a token")


@dataclass(frozen=True, slots=True)
class AuthOptions:
    """`[auth]`."""

    token: Annotated[str, can_be_sent] = field(default="", repr=False)
    """Empty: no token, and only a loopback listener is allowed."""


@dataclass(eq=False)
class TurnedAway(HttpRefused):
    """Not admitted: 401 for credentials, 403 for what is not this machine's."""

    reason: AuthFailure = AuthFailure.NO_CREDENTIALS


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules of one listener: who may pass, and as whom."""

    token: str = field(repr=False)
    loopback: bool
    tenant: int = DEFAULT_TENANT
    proxies: Collection[Network] = ()
    """Those that are believed when they say whom they serve."""

    def __post_init__(self) -> None:
        if not self.token and not self.loopback:
            raise ValueError("a listener that others can reach needs a token")

    def admit(self, request: web.Request, permission: Permission | None) -> Principal | None:
        """None where nobody is asked who they are: probes, and metrics for this machine.

        *permission* is None for a path that does not exist. Raises TurnedAway, Forbidden for what
        the principal may not do, or Refused for a bad X-Actor.
        """
        if permission is Permission.PROBE:
            return None
        if permission is Permission.METRICS_READ and self._is_local(request):
            return None
        principal = self._principal_of(request)
        if permission is not None:
            principal.check(permission)
        return principal

    def _principal_of(self, request: web.Request) -> Principal:
        if self.token:
            _check_token(request, self.token)
            return Principal(self.tenant, f"token:{_claimed_actor(request, 'admin')}", Role.ADMIN)
        _check_local(request, self.proxies)
        return Principal(self.tenant, f"local:{_claimed_actor(request, 'anonymous')}", Role.ADMIN)

    def _is_local(self, request: web.Request) -> bool:
        return (
            self.loopback
            and _names_this_machine(_host_of(request))
            and foreign_header(request, self.proxies) is None
        )


def authenticate(gate: Gate, table: Table, on_failure: OnFailure) -> Middleware:
    """The middleware that every request passes, also one for a path that does not exist.

    A route that stands in no table of endpoints is no path at all.
    """

    @web.middleware
    async def authenticating(request: web.Request, handler: Handler) -> web.StreamResponse:
        match = request.match_info
        endpoint = table.get(match.handler)
        try:
            permission = None if endpoint is None else endpoint.permission
            principal = _signed(request, permission) or gate.admit(request, permission)
        except TurnedAway as error:
            resource = match.route.resource
            on_failure(error.reason, resource.canonical if resource else "")
            raise
        if endpoint is None:
            raise match.http_exception or web.HTTPNotFound()
        if principal is not None:
            request[PRINCIPAL] = principal
        if not endpoint.takes_anything and endpoint.permission not in _OPEN and request.body_exists:
            require_json(request)
        return await handler(request)

    return authenticating


def _signed(request: web.Request, permission: Permission | None) -> Principal | None:
    """Whoever was admitted by a signature already: see `gateway/web/signatures`."""
    principal = request.get(PRINCIPAL)
    if principal is not None and permission is not None:
        principal.check(permission)
    return principal


def _check_token(request: web.Request, token: str) -> None:
    header = request.headers.get(hdrs.AUTHORIZATION)
    if header is None:
        raise _unauthorized("this path needs the token", AuthFailure.NO_CREDENTIALS)
    given = _token_in(header)
    if not hmac.compare_digest(given, token.encode()):
        raise _unauthorized("what was sent is not the token", AuthFailure.BAD_CREDENTIALS)


def _token_in(header: str) -> bytes:
    """The Bearer token, or the password of Basic (any user name); b"" if it is neither."""
    scheme, _, credentials = header.partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer":
        return credentials.encode("utf-8", "surrogateescape")
    if scheme.lower() != "basic":
        return b""
    try:
        decoded = base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return decoded.partition(b":")[2]


def _unauthorized(detail: str, reason: AuthFailure) -> TurnedAway:
    return TurnedAway(
        f"{detail}: send it as `Authorization: Bearer` or as the password of Basic",
        "unauthorized",
        status=401,
        headers={hdrs.WWW_AUTHENTICATE: _CHALLENGES},
        reason=reason,
    )


def _check_local(request: web.Request, proxies: Collection[Network]) -> None:
    if header := foreign_header(request, proxies):
        raise _foreign(header, request.headers[header], AuthFailure.FORWARDED)
    host = _host_of(request)
    if not _names_this_machine(host):
        raise _foreign("Host", host, AuthFailure.FOREIGN_HOST)
    for origin in request.headers.getall(hdrs.ORIGIN, ()):
        scheme, separator, place = origin.partition("://")
        if scheme not in ("http", "https") or not separator or not _names_this_machine(place):
            raise _foreign("Origin", origin, AuthFailure.FOREIGN_ORIGIN)


def _foreign(header: str, value: str, reason: AuthFailure) -> TurnedAway:
    return TurnedAway(
        f"without a token only this machine is served, and {header} {value!r} is not this machine;"
        " configure [auth] token_file to serve others",
        reason.value,
        status=403,
        reason=reason,
    )


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


def _claimed_actor(request: web.Request, default: str) -> str:
    claimed = request.headers.get("X-Actor", default)
    if not _ACTOR.fullmatch(claimed):
        raise Refused("X-Actor must be 1 to 64 characters of A-Z a-z 0-9 . _ @ -", "bad_actor")
    return claimed
