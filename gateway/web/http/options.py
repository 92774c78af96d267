"""What an operator can set about the web side; every default has its reason here."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from gateway.bounds import Between
from gateway.web.http.forwarded import is_network

MIB = 1024 * 1024

_PORT = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where to listen; port 0 lets the system choose."""

    host: str
    """An address, `localhost`, or "" for every interface."""
    port: int

    @property
    def is_loopback(self) -> bool:
        """Only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def local(self) -> "ListenAddress":
        """As a program on this machine reaches it."""
        everywhere = self.host in ("", "0.0.0.0", "::")  # noqa: S104
        return ListenAddress("127.0.0.1", self.port) if everywhere else self

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> ListenAddress:
    """`host:port`, `[v6]:port` or `:port`; raises ValueError."""
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not _PORT.fullmatch(port) or int(port) > 65535:
        raise ValueError(f'{text!r} is not an address: write "host:port", as in "127.0.0.1:9096"')
    if ":" in host and not bracketed:
        raise ValueError(f'{text!r}: an IPv6 address stands in brackets, as in "[::1]:9096"')
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise ValueError(f"{text!r}: the host is no name that can be looked up") from error
    return ListenAddress(host[1:-1] if bracketed else host, int(port))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """`[http]`: the listener and the bounds of one request."""

    listen: ListenAddress = ListenAddress("127.0.0.1", 9096)
    """Loopback, so that a first start exposes nothing."""
    workers: Annotated[int, Between(1, 256)] = 1
    """Processes sharing the port."""
    max_body_bytes: int = 32 * MIB
    """Of one request, as sent and after decompression; greater is answered 413."""
    max_bytes_in_flight: int = 128 * MIB
    """Of all bodies being read or handled in one process; beyond it requests are put off."""
    max_compression_ratio: int = 200
    """Decompressed to compressed bytes, once past 1 MiB: real alerts stay under 100, bombs not."""
    body_timeout: timedelta = timedelta(seconds=10)
    """For the whole body to arrive; then 408."""
    header_timeout: timedelta = timedelta(seconds=20)
    """From the first byte of a request to the end of its headers, and from the beginning of a
    connection to its first byte; then the connection is closed."""
    keepalive_timeout: timedelta = timedelta(seconds=330)
    """Go clients keep idle connections for 300 s: closing earlier loses the batch being sent."""
    lingering_timeout: timedelta = timedelta(seconds=5)
    """For reading on after an early refusal, so that the sender sees the answer, not a reset."""
    max_connections: Annotated[int, Between(1, 1_000_000)] = 4096
    """In one process; further ones are closed at once."""
    trusted_proxies: tuple[Annotated[str, is_network], ...] = ()
    """Addresses and networks of proxies that say truly whom they serve. Requests that any other has
    passed on are never local."""
