"""When the pipeline closes a batch: news hardly waits, and a trickle of it is not a batch each."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from gateway.intake.batch.pace import PipelineOptions
from gateway.intake.delivery.checker import Checked
from gateway.intake.journal import Record
from gateway.intake.ledger import Applied, Batch
from gateway.intake.queue import RecordQueue
from tests.world import START, World, at, firing

AN_HOUR = 3600.0


async def _nothing(after: int, limit_bytes: int) -> Sequence[Record]:
    """Everything is in memory."""
    return []


class Begun(RecordQueue):
    """Says when the pipeline has found its place."""

    def __init__(self, check: Callable[[Record], Checked]) -> None:
        super().__init__(_nothing, check)
        self.begun = asyncio.Event()

    def reread(self, after: int) -> None:
        super().reread(after)
        self.begun.set()


class Followed:
    """A pipeline that follows a journal in which records appear."""

    def __init__(self, world: World, options: PipelineOptions) -> None:
        self.world = world
        self.waiting = Begun(world.pipeline.check)
        self.batches: list[int] = []
        self.applied = asyncio.Event()
        world.pipeline.options = options
        world.pipeline.observe = self._observe

    def _observe(self, batch: Batch, applied: Applied, seconds: float) -> None:
        self.batches.append(batch.sightings)
        self.applied.set()

    def say(self, name: str, **more: float) -> None:
        record, checked = self.world.record([firing(name, **more)])
        self.waiting.committed([(record, checked)])

    async def said(self, name: str, **more: float) -> None:
        """Until it is applied."""
        self.applied.clear()
        self.say(name, **more)
        async with asyncio.timeout(10):
            await self.applied.wait()


@asynccontextmanager
async def following(database: str, options: PipelineOptions) -> AsyncIterator[Followed]:
    """At the end the journal closes, and is drained."""

    async def trim(position: int) -> None:
        pass

    async with World(database) as world, asyncio.TaskGroup() as group:
        followed = Followed(world, options)
        group.create_task(world.pipeline.follow(world.journal, followed.waiting, trim))
        await followed.waiting.begun.wait()
        yield followed
        followed.waiting.close()


async def test_the_first_news_is_applied_at_once(database: str) -> None:
    async with following(database, PipelineOptions(max_delay_seconds=AN_HOUR)) as followed:
        followed.say("One")
        await followed.applied.wait()
    assert followed.batches == [1]


async def test_news_soon_after_a_batch_waits_for_its_like(database: str) -> None:
    options = PipelineOptions(pace_seconds=AN_HOUR)
    async with following(database, options) as followed:
        followed.world.pipeline.pace.closed_at = asyncio.get_running_loop().time()
        for name in ("One", "Two", "Three"):
            followed.say(name)
            await asyncio.sleep(0)
    assert followed.batches == [3]


async def test_a_batch_that_is_full_of_news_waits_for_nothing(database: str) -> None:
    options = PipelineOptions(pace_seconds=AN_HOUR, max_news=2)
    async with following(database, options) as followed:
        followed.world.pipeline.pace.closed_at = asyncio.get_running_loop().time()
        followed.say("One")
        followed.say("Two")
        await followed.applied.wait()
    assert followed.batches == [2]


async def test_what_fires_again_after_its_lease_ran_out_has_its_ticket_at_once(
    database: str,
) -> None:
    async with following(database, PipelineOptions(max_delay_seconds=AN_HOUR)) as followed:
        world = followed.world
        await followed.said("One", lease=4)
        for minute in range(1, 7):
            world.now = at(minute)
            await followed.said(f"Other {minute}")
        await world.leases.end(1, at(6), START)
        assert (await world.all_tickets())[0]["status"] == "resolved"
        world.now = at(7)
        await followed.said("One", lease=11)
        assert (await world.all_tickets())[0]["status"] == "open"
