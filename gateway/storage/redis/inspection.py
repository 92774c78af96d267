"""What about a Redis is unsafe, or too old, for its work here: said when it is first reached."""

from collections.abc import Callable, Mapping
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.logs import get_logger
from gateway.storage.redis.scripts import FAILURES, Client

OLDEST = (6, 2)
KEEPING = ("noeviction", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl")
"""Policies that remove nothing of ours: our keys have no expiry."""


_logger = get_logger(__name__)


class Inspection:
    """A worker: inspects at the start, and again after Redis was away: it may be another one."""

    def __init__(self, client: Client, is_away: Callable[[], bool]) -> None:
        self._client = client
        self._is_away = is_away
        self._done = False

    async def turn(self) -> bool:
        """Never more to do."""
        if self._is_away():
            self._done = False
        elif not self._done:
            try:
                found = await warnings(self._client)
            except FAILURES as error:
                _logger.info("redis cannot be inspected", error=str(error))
                return False
            for warning in found:
                _logger.warning("redis is not safe as it is set up", what=warning)
            self._done = True
        return False


async def warnings(client: Client) -> list[str]:
    """Sentences for the log; empty if all is well. Raises RedisError, OSError if it is away."""
    found = []
    facts = _facts(await client.execute_command("INFO", "server"))
    version = tuple(int(part) for part in facts.get("redis_version", "0").split(".")[:2])
    if version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        found.append(f"Redis {facts.get('redis_version')} is older than {oldest}: not tested")
    if facts.get("redis_mode") == "cluster" and isinstance(client, Redis):
        found.append("this Redis is a node of a cluster: begin its url with redis+cluster://")
    policy = await _setting(client, "maxmemory-policy")
    if policy is not None and policy not in KEEPING:
        found.append(
            f"maxmemory-policy is {policy}: when memory is short Redis removes what is held back,"
            " and counts are lost; set noeviction"
        )
    return found


async def _setting(client: Client, name: str) -> str | None:
    """None where the server does not let us ask, as many hosted ones."""
    try:
        answer = await client.execute_command("CONFIG GET", name)
    except RedisError:
        return None
    values = list(answer.values()) if isinstance(answer, Mapping) else answer[1::2]
    return _text(values[0]) if values else None


def _facts(answer: Any) -> dict[str, str]:
    """INFO as redis-py gives it: parsed; of a cluster by node, of which one will do."""
    if isinstance(answer, Mapping):
        inner = next(iter(answer.values()), None)
        facts = inner if isinstance(inner, Mapping) else answer
        return {_text(name): _text(value) for name, value in facts.items()}
    lines = (line.partition(":") for line in _text(answer).splitlines())
    return {name: value.strip() for name, _, value in lines}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
