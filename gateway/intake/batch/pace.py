"""When a batch closes: with news at once, unless another just closed; else when time is up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.intake.batch.load import BREATHE_EVERY, Load
from gateway.intake.ledger import Batch
from gateway.intake.queue import RecordQueue


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """Bounds of a batch, and pauses."""

    max_news: int = 1_000
    """Sightings of news in a batch: bounds a transaction, and how long the loop is busy."""
    max_sightings: int = 200_000
    """Of all kinds: bounds what a batch keeps in memory."""
    max_strands: int = 25_000
    """That are repeated in a batch: each costs a question to Redis, or a row in the ledger."""
    max_delay_seconds: float = 1.0
    """How long mere repeats wait for more of their kind."""
    pace_seconds: float = 0.05
    """News waits until so long after the batch before: a trickle of it is not a batch each."""
    heartbeat_seconds: float = 2.0
    """How often an idle pipeline says that nothing is unapplied."""

    def full(self, batch: Batch) -> bool:
        """Large enough to be closed, whatever it holds."""
        strands = sum(map(len, batch.repeats.values()))
        return batch.sightings >= self.max_sightings or strands >= self.max_strands


@dataclass(slots=True)
class Pace:
    """Of one pipeline, whose batches follow each other."""

    closed_at: float = 0.0
    """When the batch before was closed, on the loop's clock."""

    async def fill(
        self,
        load: Load,
        waiting: RecordQueue,
        options: PipelineOptions,
        recall: Callable[[Batch], Awaitable[bool]],
    ) -> None:
        """Returns when *load* is to be closed. *recall* learns what others had confirmed of the
        news in a batch; if it learns anything, some of them may be none.
        """
        loop = asyncio.get_running_loop()
        paced = self.closed_at + options.pace_seconds
        until = loop.time() + options.max_delay_seconds
        while not options.full(load.batch):
            is_full = load.batch.news_count >= options.max_news
            if not is_full and (waiting.ready or await _wait(load, waiting, paced, until)):
                load.taken.append(waiting.take())
                load.add_last()
                if len(load.taken) % BREATHE_EVERY == 0:
                    await asyncio.sleep(0)
            elif load.batch.urgent and await recall(load.batch):
                load.moved = True
                load.collect()
            else:
                break
        self.closed_at = loop.time()


async def _wait(load: Load, waiting: RecordQueue, paced: float, until: float) -> bool:
    at_latest = paced if load.batch.urgent else until
    return await waiting.wait(at_latest - asyncio.get_running_loop().time())
