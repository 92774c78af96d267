"""Whether a request comes from this machine, when proxies may stand between.

A proxy on this machine connects from this machine, whoever it serves. What it adds to a request
gives it away; only of a proxy that is trusted it also says whom it serves.
"""

import ipaddress
from collections.abc import Collection, Sequence

from aiohttp import hdrs, web

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HEADERS = (
    hdrs.FORWARDED,
    hdrs.X_FORWARDED_FOR,
    "X-Real-IP",
    "X-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
)
"""Each holds addresses, the nearest last."""


def read_network(text: str) -> Network:
    """An address or a network, as in `10.0.0.1` and `10.0.0.0/8`; raises ValueError."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(
            'must be an address or a network, such as "127.0.0.1" or "10.0.0.0/8"'
        ) from error


def is_network(text: str) -> None:
    """The bound of an option: raises ValueError for what `read_network` would not take."""
    read_network(text)


def foreign_header(request: web.Request, proxies: Collection[Network]) -> str | None:
    """The first header that says that *request* is another machine's; None if it is local.

    Each one must name this machine: a proxy may write one and pass on what its client wrote in
    another. What cannot be read is foreign.
    """
    given = [name for name in HEADERS if name in request.headers]
    if not given:
        return None
    peer = _address(request.remote or "")
    if peer is None or not _is_in(peer, proxies):
        return given[0]
    for name in given:
        client = _client(_chain(name, request.headers.getall(name)), proxies)
        if client is None or not client.is_loopback:
            return name
    return None


def _chain(name: str, values: Sequence[str]) -> list[str]:
    hops = ",".join(values).split(",")
    return [_for(hop) for hop in hops] if name == hdrs.FORWARDED else hops


def _for(hop: str) -> str:
    """RFC 7239: `for="[2001:db8::1]:80";proto=https`."""
    pairs = [pair.strip().partition("=") for pair in hop.split(";")]
    found = [value for name, _, value in pairs if name.lower() == "for"]
    return found[0].strip('"') if len(found) == 1 else ""


def _client(chain: Sequence[str], proxies: Collection[Network]) -> Address | None:
    """The nearest hop that is no trusted proxy, or else the farthest; None if it is unreadable."""
    address = None
    for hop in reversed(chain):
        address = _address(hop)
        if address is None or not _is_in(address, proxies):
            return address
    return address


def _is_in(address: Address, networks: Collection[Network]) -> bool:
    return any(address in network for network in networks)


def _address(text: str) -> Address | None:
    """With a port or without one; an IPv4 address that is written as IPv6 is what it is."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
