"""The way of an alert, after the answer: one pipeline a process, in journal order, in batches.

    committed records ─► checked (identities) ─► collect (silences; news and repeats)
                                                                       │
        trim the journal ◄─ confirm ◄─ commit ◄─ ledger, one transaction ◄─ absorber ◄─┘

A batch closes at once when it holds news, unless another just closed, and else after up to a
second (batch/pace.py): news hardly waits, repeats are summed. Whatever interrupts a batch (silences
that moved, a strand that changed elsewhere, the database away) undoes it whole; it is collected
again from the same records and tried again (batch/load.py). Any other exception is looked for in
halves (batch/aside.py), and the record that it comes with is set aside alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.clock import Clock
from gateway.errors import GatewayError
from gateway.intake.absorber import Absorber, NothingHeld
from gateway.intake.batch.absorption import Absorption
from gateway.intake.batch.aside import Halving, set_aside
from gateway.intake.batch.load import Load
from gateway.intake.batch.memory import forget, remember, remember_commit, unknown
from gateway.intake.batch.pace import Pace, PipelineOptions
from gateway.intake.delivery.checker import Checked, Checker
from gateway.intake.insistence import Insistence
from gateway.intake.journal import Record
from gateway.intake.ledger import (
    Applied,
    Batch,
    Ledger,
    LedgerStopped,
    LettersGone,
    PositionMoved,
    RepeatsMoved,
    SilencesMoved,
)
from gateway.intake.progress import PipelineProgress
from gateway.intake.queue import CheckedRecord, RecordQueue
from gateway.intake.readback import read_back
from gateway.logs import get_logger
from gateway.silences.book import SilenceBook

_logger = get_logger(__name__)


@dataclass(slots=True)
class Pipeline:
    """Takes committed records to the ledger."""

    ledger: Ledger
    checker: Checker
    book: SilenceBook
    read_silences: Callable[[int], Awaitable[None]]
    """Bring the book up to date for one tenant."""
    clock: Clock
    observe: Callable[[Batch, Applied, float], None]
    """Called after each commit with the seconds that the batch took: metrics."""
    absorber: Absorber = field(default_factory=NothingHeld)
    options: PipelineOptions = field(default_factory=PipelineOptions)
    pace: Pace = field(default_factory=Pace, init=False)
    progress: PipelineProgress = field(init=False)
    _insistence: Insistence = field(init=False)

    def __post_init__(self) -> None:
        self.progress = PipelineProgress(self.clock)
        self._insistence = Insistence(self.clock, self.progress)

    @property
    def available(self) -> bool:
        """The last try reached the ledger."""
        return self._insistence.available

    @property
    def recovered_at(self) -> datetime | None:
        """When the ledger came back from its latest outage; None: it never was away."""
        return self._insistence.recovered_at

    def check(self, record: Record) -> Checked:
        """Read a record again. What cannot be read any more is rejected whole, never lost."""
        return read_back(self.checker, record)

    async def position(self, journal_id: str) -> int:
        """Where a journal stands in the ledger."""
        return await self._insistence.ask(self.ledger.position, journal_id)

    async def finish(self, journal_id: str) -> None:
        """A journal is drained and removed."""
        await self._insistence.ask(self.ledger.finish, journal_id)

    async def finish_predecessors(self, journal_id: str) -> None:
        """See `Ledger`."""
        await self._insistence.ask(self.ledger.finish_predecessors, journal_id)

    async def follow(
        self, journal_id: str, waiting: RecordQueue, trim: Callable[[int], Awaitable[None]]
    ) -> None:
        """The process's own journal, until it is closed and drained."""
        position = trimmed = await self.position(journal_id)
        waiting.reread(position)
        while not (waiting.closed and waiting.empty):
            if await waiting.wait(self.options.heartbeat_seconds):
                position = await self._take_on(journal_id, position, waiting)
            else:
                await self._insistence.ask(self.ledger.heartbeat, journal_id, self.clock())
                self.progress.made()
            if trimmed != position:
                trimmed = await _trimmed(trim, position, trimmed)

    async def _take_on(self, journal_id: str, after: int, waiting: RecordQueue) -> int:
        """One batch of what waits, whatever becomes of it; returns the new position."""
        load = Load(Batch(journal_id, after), self.book)
        try:
            await self.pace.fill(load, waiting, self.options, self._recall)
            load.batch.drained_at = self.clock() if waiting.empty else None
            position = await self.settle(load)
        except Exception as error:
            if not load.taken:
                raise  # nobody to blame
            self.progress.failed()
            _logger.warning("a batch failed: its records are tried apart", exc_info=error)
            position = await self.apply_records(journal_id, after, load.taken)
            waiting.reread(position)  # whatever else was lost on the way
        await load.let_go()
        return position

    async def apply_records(
        self, journal_id: str, after: int, taken: Sequence[CheckedRecord]
    ) -> int:
        """Apply records that follow *after*; what fails alone, and again, is set aside.

        Returns the new position.
        """

        async def together(after: int, taken: Sequence[CheckedRecord]) -> int:
            load = Load(Batch(journal_id, after), self.book, list(taken), moved=True)
            load.moved = await self._recall(load.collect())
            return await self.settle(load)

        async def alone(after: int, one: CheckedRecord) -> int:
            forget([one], None)
            load = Load(Batch(journal_id, after), self.book, [one], moved=True)
            return await self.settle(load, NothingHeld())

        async def aside(after: int, one: CheckedRecord, error: Exception) -> int:
            load = Load(Batch(journal_id, after), self.book)
            set_aside(load.batch, one, error)
            return await self.settle(load, NothingHeld())

        halving = Halving(together, alone, aside, self.progress.failed)
        return await halving.apply(after, taken)

    async def settle(self, load: Load, absorber: Absorber | None = None) -> int:
        """Take *load* to the ledger, whatever moves meanwhile; returns the new position."""
        last, absorption = load.last, Absorption(absorber or self.absorber)
        started = asyncio.get_running_loop().time()
        while True:
            try:
                await self._stages(load, absorption, started)
                return last
            except SilencesMoved:
                for tenant in load.batch.tenants():
                    await self._insistence.ask(self._reread_silences, tenant)
            except RepeatsMoved as moved:
                forget(load.taken, {strand for _, strand in moved.strands})
            except LettersGone as gone:
                load.drop_letters(gone.letters)
            except PositionMoved as moved:
                forget(load.taken, None)
                if moved.position >= last:  # an earlier try of unknown fate was committed
                    return moved.position
                load.skip(moved.position)
            load.moved = True

    async def _stages(self, load: Load, absorption: Absorption, started: float) -> None:
        """The stages, in their order. One that finds that something has moved raises, and the load
        comes here again.
        """
        # identify, at the door or when read back: delivery/checker.py
        batch = load.collect()  # silences; news in order, repeats summed: batch/collect.py
        await absorption.absorb(batch)  # what Redis holds back leaves it: batch/absorption.py
        applied = await self._insistence.ask(self.ledger.apply, batch)  # one transaction
        await self._confirm(load, applied, absorption, started)  # memory, Redis, metrics
        # trim, by whoever follows the journal: its position has moved

    async def _confirm(
        self, load: Load, applied: Applied, absorption: Absorption, started: float
    ) -> None:
        """After the commit: what others want to know. If that fails, nothing is undone."""
        self.progress.made()
        seconds = asyncio.get_running_loop().time() - started
        try:
            remember_commit(self.checker, load.batch, applied)
            await absorption.confirm(load.batch, applied)
            self.observe(load.batch, applied, seconds)
        except Exception:
            _logger.exception("what was committed could not be told on")
            forget(load.taken, None)

    async def _recall(self, batch: Batch) -> bool:
        """Learn what others had confirmed of the news in *batch*; False: they are news indeed."""
        strangers = unknown(batch)
        recalled = await self.absorber.recall(list(strangers)) if strangers else {}
        learned = [key for key, known in recalled.items() if remember(strangers[key], known)]
        return bool(learned)

    async def _reread_silences(self, tenant: int) -> None:
        """What is wrong with silences is no record's fault."""
        try:
            await self.read_silences(tenant)
        except GatewayError:
            raise
        except Exception as error:
            _logger.exception("silences cannot be read", tenant=tenant)
            raise LedgerStopped(f"silences cannot be read: {error}") from error


async def _trimmed(trim: Callable[[int], Awaitable[None]], position: int, before: int) -> int:
    """How far the journal is trimmed now; what it could not let go is tried again later."""
    try:
        await trim(position)
    except Exception:
        _logger.exception("the journal could not be trimmed")
        return before
    return position
