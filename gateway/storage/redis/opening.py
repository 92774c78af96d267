"""From a URL to an absorber with all that belongs to it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache

from gateway.storage.redis.absorber import AbsorberTimes, RedisAbsorber
from gateway.storage.redis.breaker import Breaker
from gateway.storage.redis.connect import open_client


@asynccontextmanager
async def open_absorber(
    url: str, seed: Callable[[], bytes], times: AbsorberTimes, say: Callable[[bool], None]
) -> AsyncIterator[RedisAbsorber]:
    """*seed* is the installation's; *say* is told when Redis goes away (False) or comes back."""
    async with open_client(url, times.answer_within) as client:
        breaker = Breaker(asyncio.get_running_loop().time, say)
        yield RedisAbsorber(client, lambda: _prefix(seed()), times, breaker)


@lru_cache(maxsize=8)
def _prefix(seed: bytes) -> str:
    """Names the installation, and tells nobody its seed."""
    return hashlib.blake2b(seed, digest_size=6, person=b"redis prefix").hexdigest()
