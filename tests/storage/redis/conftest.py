"""An absorber on the session's real Redis, emptied for each test."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from gateway.storage.redis.absorber import AbsorberTimes, RedisAbsorber
from gateway.storage.redis.breaker import Breaker
from tests.storage.redis.clocks import PATIENT, Steady


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """Empty."""
    async with Redis.from_url(redis_url, protocol=2) as client:
        await client.flushall()
        yield client


@pytest.fixture
def absorber(redis: Redis) -> RedisAbsorber:
    """As the gateway has it, but for a Redis that is never too slow for it."""
    return RedisAbsorber(redis, lambda: "tests", PATIENT, Breaker(Steady(), lambda _: None))


@pytest.fixture
def times() -> AbsorberTimes:
    return PATIENT
