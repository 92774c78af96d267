"""One client for each way to run Redis; the URL's scheme says which.

    redis://host:6379/0    rediss://…    unix:///path      one server, with TLS, over a socket
    redis+cluster://host:6379,host:6379                    a cluster, by some of its nodes
    redis+sentinel://host:26379,host:26379/name/0          the master that sentinels call *name*

`rediss+cluster` and `rediss+sentinel` use TLS; `?ssl_ca_certs=/path` names who is trusted, if not
those whom the system trusts. redis-py would send a command again when its answer
is lost, which would count twice: that is off.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from redis.asyncio import ConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from gateway.storage.redis.scripts import Client

SCHEMES = (
    "redis",
    "rediss",
    "unix",
    "redis+cluster",
    "rediss+cluster",
    "redis+sentinel",
    "rediss+sentinel",
)
_PORTS = {"cluster": 6379, "sentinel": 26379}


@asynccontextmanager
async def open_client(url: str, answer_within: timedelta) -> AsyncIterator[Client]:
    """Connects when first used, so it may be made while Redis is away. Raises ValueError."""
    kind = urlsplit(url).scheme.partition("+")[2]
    # Every call is bounded by its caller; this is for what a cluster's client does on its own.
    seconds = max(1.0, 2 * answer_within.total_seconds())
    options: dict[str, Any] = {
        "protocol": 2,
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
    }
    async with AsyncExitStack() as opened:
        if kind == "cluster":
            client: Any = _cluster(urlsplit(url), options)
        elif kind == "sentinel":
            sentinels = _sentinels(urlsplit(url), {**options, "retry": Retry(NoBackoff(), 0)})
            # The client of the master closes its own connections, and none of those to sentinels.
            opened.push_async_callback(sentinels.aclose)
            client = _master(urlsplit(url), sentinels)
        else:
            client = Redis.from_url(url, **options, retry=Retry(NoBackoff(), 0))
        opened.push_async_callback(client.aclose)
        yield client


def check_url(url: str) -> None:
    """Raises ValueError, which never repeats the URL: it may hold a password."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError("is not a URL") from error
    if parts.scheme not in SCHEMES:
        raise ValueError(f"must begin with {', '.join(f'{name}://' for name in SCHEMES)}")
    kind = parts.scheme.partition("+")[2]
    try:
        _check_parts(url, parts, kind)
    except (ValueError, TypeError) as error:
        raise ValueError("has a port, a database or an option that is none") from error
    if kind and not _hosts(parts):
        raise ValueError("names no host")
    if kind == "sentinel" and not parts.path.strip("/"):
        raise ValueError("must end with the name of the master, as in /mymaster")


def _check_parts(url: str, parts: SplitResult, kind: str) -> None:
    """Raises what would be raised once the client is used."""
    if not kind:
        ConnectionPool.from_url(url).make_connection()  # type: ignore[no-untyped-call]
        return
    _hosts(parts)
    if kind == "sentinel":
        int(parts.path.strip("/").partition("/")[2] or 0)


def _cluster(parts: SplitResult, options: dict[str, Any]) -> RedisCluster:
    nodes = [ClusterNode(host, port) for host, port in _hosts(parts)]
    # A node is asked again only after MOVED and ASK, which the cluster client follows by itself.
    retry = Retry(NoBackoff(), 0)
    return RedisCluster(
        startup_nodes=nodes, retry=retry, require_full_coverage=False, **_login(parts), **options
    )


def _sentinels(parts: SplitResult, options: dict[str, Any]) -> Sentinel:
    login = _login(parts)
    asking = {name: value for name, value in login.items() if name.startswith("ssl")}
    return Sentinel(  # type: ignore[no-untyped-call]
        _hosts(parts), sentinel_kwargs={**options, **asking}, **options, **login
    )


def _master(parts: SplitResult, sentinels: Sentinel) -> Any:
    name, _, database = parts.path.strip("/").partition("/")
    return sentinels.master_for(name, db=int(database or 0))


def _login(parts: SplitResult) -> dict[str, Any]:
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    login: dict[str, Any] = {}
    if parts.scheme.startswith("rediss"):
        trusted = parse_qs(parts.query).get("ssl_ca_certs", [None])[0]
        login = {"ssl": True, "ssl_ca_certs": trusted}
    if user:
        login["username"] = unquote(user)
    if password:
        login["password"] = unquote(password)
    return login


def _hosts(parts: SplitResult) -> list[tuple[str, int]]:
    """Of `user:password@host:port,host:port`; a port may be left out."""
    default = _PORTS[parts.scheme.partition("+")[2]]
    hosts = []
    for place in filter(None, parts.netloc.rpartition("@")[2].split(",")):
        one = urlsplit(f"//{place}")
        hosts.append((one.hostname or "", one.port or default))
    return hosts
