"""One process's intake, from the first reach of the ledger to the drained journal."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.errors import Unavailable
from gateway.intake.journal import Journal, Leftover
from gateway.intake.pipeline import Pipeline
from gateway.intake.progress import PipelineProgress
from gateway.intake.queue import READ_BYTES, RecordQueue
from gateway.intake.recovery import drain_leftover
from gateway.logs import get_logger

_logger = get_logger(__name__)


class RecoveringJournal(Journal, Protocol):
    """A journal that knows what earlier process starts left."""

    def leftovers(self) -> Sequence[Leftover]:
        """In this process's own slot."""

    async def claim_abandoned(self) -> Sequence[Leftover]:
        """Of processes that are gone and have no successor in their slot."""

    @property
    def unreadable_segments(self) -> int:
        """Left for the next start because they could not be opened at this one."""


@dataclass(slots=True)
class IntakeRun:
    """A worker's turn that lasts as long as the process: see `Supervisor`."""

    pipeline: Pipeline
    journal: RecoveringJournal
    waiting: RecordQueue
    prepare: Callable[[], Awaitable[None]]
    """Schema, seed and silences are there when it returns; it waits as long as that takes."""
    prepared: bool = False
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    """Intake has stopped and everything is in the ledger."""

    @property
    def reaches_ledger(self) -> bool:
        """It has been reached, and the last try reached it."""
        return self.prepared and self.pipeline.available

    @property
    def progress(self) -> PipelineProgress:
        """Of the pipeline, and of what comes before it."""
        return self.pipeline.progress

    async def turn(self) -> bool:
        """Returns when intake has stopped and everything is in the ledger."""
        try:
            await self._run()
        except Exception as error:
            self.progress.failed(outage=isinstance(error, Unavailable))
            raise
        return False

    async def _run(self) -> None:
        await self.prepare()
        self.prepared = True
        await self.drain_leftovers()
        await self.pipeline.follow(self.journal.id, self.waiting, self.journal.trim)
        await self.pipeline.finish(self.journal.id)
        self.finished.set()

    async def drain_leftovers(self) -> None:
        """Everything earlier starts left, before anything new."""
        await self.journal.claim_abandoned()
        for leftover in self.journal.leftovers():
            _logger.warning(
                "draining a journal left behind",
                journal=leftover.id,
                last_seq=leftover.last_seq,
            )
            await drain_leftover(self.pipeline, leftover, READ_BYTES)
        if not self.journal.unreadable_segments:
            await self.pipeline.finish_predecessors(self.journal.id)
