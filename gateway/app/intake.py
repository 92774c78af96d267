"""What a process of the role `intake` has besides: a journal, and the run that empties it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta

from gateway.app.process import Parts
from gateway.intake.delivery.checker import Checked
from gateway.intake.queue import RecordQueue
from gateway.intake.run import IntakeRun
from gateway.logs import get_logger
from gateway.storage.journal.journal import SegmentJournal, open_journal
from gateway.workers.gauges import Gauges
from gateway.workers.supervisor import Turn, Worker

_logger = get_logger(__name__)

HOPELESS_SECONDS = 1.0
"""A pipeline whose last try failed has no longer than this to drain the journal."""


@dataclass(slots=True)
class Intake:
    """Of one process."""

    journal: SegmentJournal[Checked]
    run: IntakeRun
    gauges: Gauges


async def open_intake(stack: AsyncExitStack, parts: Parts) -> Intake:
    """The journal is closed with *stack*."""
    config, clock = parts.config, parts.clock
    waiting = RecordQueue(lambda after, most: journal.read(after, most), parts.pipeline.check)
    journal = await stack.enter_async_context(
        open_journal(config.data_dir / "journal", config.journal, waiting.committed)
    )
    run = IntakeRun(parts.pipeline, journal, waiting, parts.preparation.prepare)
    gauges = Gauges(
        parts.metrics,
        journal,
        lambda: (parts.identities.cache.misses, parts.identities.cache.held_bytes),
        lambda: run.reaches_ledger,
        lambda: run.progress.made_at,
        lambda: parts.book.states(clock()),
    )
    return Intake(journal, run, gauges)


def first_workers(parts: Parts, intake: Intake | None) -> list[Worker]:
    """The pipeline; without one, what it would have begun with must be done all the same."""
    if intake is None:
        return [Worker("preparation", _once(parts.preparation.prepare), 60.0)]
    return [
        Worker("intake", intake.run.turn, 1.0),
        Worker("gauges", intake.gauges.turn, 1.0),
    ]


def _once(prepare: Callable[[], Awaitable[None]]) -> Turn:
    done: list[bool] = []

    async def turn() -> bool:
        if not done:
            await prepare()
            done.append(True)
        return False

    return turn


async def drain(run: IntakeRun, grace: timedelta) -> None:
    """Everything taken in goes to the ledger, while that gets on: else the journal keeps it."""
    run.waiting.close()
    loop = asyncio.get_running_loop()
    until = loop.time() + (grace.total_seconds() if run.prepared else HOPELESS_SECONDS)
    while (left := until - loop.time()) > 0:
        with suppress(TimeoutError):
            async with asyncio.timeout(min(left, HOPELESS_SECONDS)):
                await run.finished.wait()
                return
        if run.progress.failing:
            break
    _logger.warning("not everything could be drained; the journal keeps it")
