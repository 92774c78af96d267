"""Redis that fails, in every way it can: the ledger does the work at once, and Redis comes back."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.intake.absorber import Confirmation
from gateway.storage.redis.absorber import AbsorberTimes, RedisAbsorber
from gateway.storage.redis.breaker import Breaker
from gateway.storage.redis.opening import open_absorber
from tests.logged import events
from tests.programs import Program, eventually, free_port
from tests.programs import redis as start_redis
from tests.storage.redis.clocks import PATIENT, Steady
from tests.storage.redis.test_scripts import key, known, news
from tests.world import World, at, firing

LOADED_KEYS = 3000
LATE_SECONDS = 0.5


@dataclass
class Cache:
    """A Redis of one's own, that can be ended and started again where it was."""

    binary: Path
    directory: Path
    port: int = field(default_factory=free_port)
    stack: ExitStack = field(default_factory=ExitStack)
    said: list[bool] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self, *arguments: str) -> Program:
        started = start_redis(self.binary, self.directory, *arguments, port=self.port)
        return self.stack.enter_context(started)


@pytest.fixture
def cache(redis_binary: Path, tmp_path: Path) -> Iterator[Cache]:
    one = Cache(redis_binary, tmp_path)
    with one.stack:
        yield one


@pytest.fixture
async def absorber(cache: Cache) -> AsyncIterator[RedisAbsorber]:
    """As the gateway opens it."""
    async with open_absorber(cache.url, lambda: b"seed", AbsorberTimes(), cache.said.append) as one:
        yield one


@asynccontextmanager
async def killed(cache: Cache, program: Program) -> AsyncIterator[None]:
    await asyncio.to_thread(program.kill)
    yield
    await asyncio.to_thread(cache.start)


@asynccontextmanager
async def stopped(cache: Cache, program: Program) -> AsyncIterator[None]:
    program.pause()
    yield
    program.resume()


@asynccontextmanager
async def slow(cache: Cache, program: Program) -> AsyncIterator[None]:
    async with Redis.from_url(cache.url, protocol=2) as client:
        await client.execute_command("CLIENT", "PAUSE", "60000", "WRITE")  # scripts wait too
        yield
        await client.execute_command("CLIENT", "UNPAUSE")


@asynccontextmanager
async def busy(cache: Cache, program: Program) -> AsyncIterator[None]:
    async with (
        Redis.from_url(cache.url, protocol=2) as client,
        Redis.from_url(cache.url, protocol=2) as other,
        asyncio.TaskGroup() as group,
    ):
        await client.config_set("busy-reply-threshold", 50)
        group.create_task(_ignored(client.eval("while true do end", 0)))

        async def is_busy() -> bool:
            try:
                await other.ping()
            except RedisError as error:
                return "BUSY" in str(error)
            return False

        await eventually(is_busy)
        yield
        await other.script_kill()


async def _ignored(answer: object) -> None:
    with suppress(RedisError):
        await answer  # type: ignore[misc]


@asynccontextmanager
async def out_of_memory(cache: Cache, program: Program) -> AsyncIterator[None]:
    async with Redis.from_url(cache.url, protocol=2) as client:
        await client.config_set("maxmemory", 1)
        yield
        await client.config_set("maxmemory", 0)


@asynccontextmanager
async def read_only(cache: Cache, program: Program) -> AsyncIterator[None]:
    async with Redis.from_url(cache.url, protocol=2) as client:
        await client.execute_command("REPLICAOF", "127.0.0.1", "1")
        yield
        await client.execute_command("REPLICAOF", "NO", "ONE")


@asynccontextmanager
async def loading(cache: Cache, program: Program) -> AsyncIterator[None]:
    async with Redis.from_url(cache.url, protocol=2) as client:
        await client.execute_command("DEBUG", "POPULATE", str(LOADED_KEYS))
        await client.save()
    await asyncio.to_thread(program.kill)
    slowly = ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"]
    starting = asyncio.ensure_future(asyncio.to_thread(cache.start, *slowly))

    async def is_loading() -> bool:
        try:
            async with Redis.from_url(cache.url, protocol=2) as client:
                await client.ping()
        except RedisError as error:
            return "loading" in str(error).lower()
        return False

    await eventually(is_loading)
    yield
    await starting


async def fell_silent(world: World) -> None:
    """Redis answers again, and what is held of all reports is due and credited."""
    world.now = at(30)

    async def is_nothing_held() -> bool:
        while await world.flush.turn():
            pass
        return world.absorber.breaker.closed and await world.absorber.due(1, at(60)) == ({}, False)

    await eventually(is_nothing_held)


FAULTS = [killed, stopped, slow, busy, out_of_memory, read_only, loading]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.__name__)
async def test_the_ledger_does_the_work_until_redis_is_back(
    fault: "type[AbstractAsyncContextManager[None]]",
    cache: Cache,
    absorber: RedisAbsorber,
    database: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    program = await asyncio.to_thread(cache.start, "--enable-debug-command", "yes")
    caplog.set_level(logging.WARNING, "gateway.storage.redis.breaker")
    async with World(database, absorber=absorber) as world:
        await world.send(firing())
        world.now = at(0.1)
        await world.send(firing())
        assert world.applied[0].held == 1
        async with fault(cache, program):  # type: ignore[operator]
            for _ in range(5):
                await world.send(firing())
                assert world.applied[0].held == 0
            assert await world.occurrences() >= 6
            assert cache.said == [False]

        async def is_held_again() -> bool:
            await world.send(firing())
            return world.applied[0].held == 1

        await eventually(is_held_again)
        assert cache.said == [False, True]
        lines = [event.split(":")[0] for event in events(caplog)]
        assert lines == ["redis away", "redis back"]
        assert len(await world.all_tickets()) == 1


async def test_scripts_that_redis_forgot_are_sent_again(
    cache: Cache, absorber: RedisAbsorber, database: str
) -> None:
    await asyncio.to_thread(cache.start)
    async with World(database, absorber=absorber) as world:
        await world.send(firing())
        async with Redis.from_url(cache.url, protocol=2) as client:
            await client.script_flush()
        world.now = at(0.1)
        await world.send(firing())
        assert world.applied[0].held == 1
        assert cache.said == []


async def test_an_answer_that_comes_too_late_is_never_taken_for_another_ones(
    redis: Redis,
) -> None:
    hasty = AbsorberTimes(answer_within=timedelta(milliseconds=5))
    clock = Steady()
    sound = RedisAbsorber(redis, lambda: "tests", PATIENT, Breaker(clock, lambda _: None))
    one = RedisAbsorber(redis, lambda: "tests", hasty, Breaker(clock, lambda _: None))
    numbers = range(1, 65)
    absorbed = await sound.absorb({key(number): news() for number in numbers})
    await sound.confirm(
        {
            which: Confirmation(held.born, 0, known(version=1 + which[1][0]), at(0), None)
            for which, held in absorbed.passed.items()
        }
    )
    late = right = 0
    draw = random.Random(3)
    while late < 20 or right < 20:
        clock.seconds += 60  # it is asked again, however often it failed
        some = [key(number) for number in draw.sample(numbers, 20)]
        async with asyncio.TaskGroup() as group:
            group.create_task(redis.execute_command("DEBUG", "SLEEP", draw.choice(["0", "0.2"])))
            asking = group.create_task(one.recall(some))
        found = asking.result()
        late, right = late + (len(found) < 20), right + (len(found) == 20)
        assert {which: found[which].version for which in found} == {
            which: 1 + which[1][0] for which in found
        }


async def test_what_redis_counts_and_does_not_say_so_is_counted_twice_and_nothing_else_is(
    cache: Cache, absorber: RedisAbsorber, database: str
) -> None:
    program = await asyncio.to_thread(cache.start)
    async with World(database, absorber=absorber) as world:
        await world.send(firing(), firing(name="other"))
        for second in range(1, 4):
            world.now = at(second / 60)
            await world.send(firing(), firing(name="other"))
        async with stopped(cache, program):
            await world.send(firing())
            assert cache.said == [False]
        await fell_silent(world)
        found = {
            one["labels"]: one["occurrences"]
            for one in await world.rows("SELECT labels::text, occurrences FROM strands")
        }
        assert found == {'{"alertname": "CPU"}': 4 + 1 + 1, '{"alertname": "other"}': 4}


async def test_what_redis_says_late_but_in_time_is_counted_once(
    cache: Cache, database: str
) -> None:
    program = await asyncio.to_thread(cache.start)
    async with (
        open_absorber(cache.url, lambda: b"seed", PATIENT, cache.said.append) as patient,
        World(database, absorber=patient) as world,
    ):
        await world.send(firing())
        world.now = at(0.1)
        program.pause()
        asyncio.get_running_loop().call_later(LATE_SECONDS, program.resume)
        await world.send(firing())
        await fell_silent(world)
        assert await world.occurrences() == 2
        assert cache.said == []


async def test_redis_erased_makes_no_second_ticket(
    cache: Cache, absorber: RedisAbsorber, database: str
) -> None:
    await asyncio.to_thread(cache.start)
    async with World(database, absorber=absorber) as world:
        for minute in range(10):
            world.now = at(minute / 10)
            await world.send(firing())
            async with Redis.from_url(cache.url, protocol=2) as client:
                await client.flushall()
        assert len(await world.all_tickets()) == 1
        assert await world.occurrences() == 10
