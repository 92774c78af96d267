"""The way of an alert, after the answer: one pipeline a process, in journal order, in batches.

    committed records ─► checked (identities) ─► collect (silences; news and repeats)
                                                                       │
        trim the journal ◄─ confirm ◄─ commit ◄─ ledger, one transaction ◄─ absorber ◄─┘

A batch closes at once when it holds news, unless another just closed, and else after up to a
second: news hardly waits, repeats are summed. Whatever interrupts a batch (silences that moved, a
strand that changed elsewhere, the database away) undoes it whole; it is collected again from the
same records and tried again. Any other exception is looked for in halves (aside.py), and the record
that it comes with is set aside alone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from gateway.clock import Clock
from gateway.errors import GatewayError, NotFound
from gateway.intake.absorber import Absorber, NothingHeld
from gateway.intake.absorption import Absorption, remember, unknown
from gateway.intake.aside import Halving, rejected_whole, set_aside
from gateway.intake.checked import Checked, Checker
from gateway.intake.collect import add_record
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
from gateway.intake.letters import read_letter
from gateway.intake.progress import Progress
from gateway.intake.source import MalformedPayload, Rejected
from gateway.intake.waiting import Taken, Waiting
from gateway.silences.book import SilenceBook

log = logging.getLogger(__name__)


_BREATHE_EVERY = 32
"""Records; requests get their turn in between."""


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
    progress: Progress = field(init=False)
    _insistence: Insistence = field(init=False)
    _closed_at: float = 0.0
    """When the batch before was closed, on the loop's clock."""

    def __post_init__(self) -> None:
        self.progress = Progress(self.clock)
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
        with suppress(Exception):  # it may have come once: the second try decides
            return self._check(record)
        try:
            return self._check(record)
        except Exception as error:
            log.exception("a record cannot be read", extra={"source": record.source})
            return Checked(rejected=[rejected_whole(record, error)])

    def _check(self, record: Record) -> Checked:
        if record.letter:
            return self._check_letter(record) or Checked()
        try:
            source = self.checker.source(record.source)
            return self.checker.check(source, record.tenant, record.body, record.received_at)
        except (MalformedPayload, NotFound) as error:
            return Checked(rejected=[Rejected(0, str(error), error.code, record.body)])

    def _check_letter(self, record: Record) -> Checked | None:
        return read_letter(
            self.checker, record.source, record.tenant, record.body, record.received_at
        )

    async def follow(
        self, journal_id: str, waiting: Waiting, trim: Callable[[int], Awaitable[None]]
    ) -> None:
        """The process's own journal, until it is closed and drained."""
        position = await self.position(journal_id)
        waiting.reread(position)
        trimmed = position
        while not (waiting.closed and waiting.empty):
            if await waiting.wait(self.options.heartbeat_seconds):
                position = await self._take_on(journal_id, position, waiting)
            else:
                await self._insistence.ask(self.ledger.heartbeat, journal_id, self.clock())
                self.progress.made()
            if trimmed != position:
                trimmed = await _trimmed(trim, position, trimmed)

    async def _take_on(self, journal_id: str, after: int, waiting: Waiting) -> int:
        """One batch of what waits, whatever becomes of it; returns the new position."""
        batch, taken = Batch(journal_id, after), list[Taken]()
        try:
            batch = await self._collect(batch, taken, waiting)
            position = await self.settle(batch, taken)
        except Exception as error:
            if not taken:
                raise  # nobody to blame
            self.progress.failed()
            log.warning("a batch failed: its records are tried apart", exc_info=error)
            position = await self.apply_records(journal_id, after, taken)
            waiting.reread(position)  # whatever else was lost on the way
        await _let_go(batch, taken)
        return position

    async def position(self, journal_id: str) -> int:
        """Where a journal stands in the ledger."""
        return await self._insistence.ask(self.ledger.position, journal_id)

    async def finish(self, journal_id: str) -> None:
        """A journal is drained and removed."""
        await self._insistence.ask(self.ledger.finish, journal_id)

    async def finish_predecessors(self, journal_id: str) -> None:
        """See `Ledger`."""
        await self._insistence.ask(self.ledger.finish_predecessors, journal_id)

    async def _collect(self, batch: Batch, taken: list[Taken], waiting: Waiting) -> Batch:
        """Records for one batch, added to *taken*; returns soon if there is news, and else when
        time is up.
        """
        options, loop = self.options, asyncio.get_running_loop()
        until = loop.time() + options.max_delay_seconds
        paced = self._closed_at + options.pace_seconds
        while not options.full(batch):
            is_full = batch.news_count >= options.max_news
            if is_full or not waiting.ready:
                is_news = is_full or batch.news_count > 0 or bool(batch.dead)
                at_latest = paced if is_news else until
                if not is_full and await waiting.wait(at_latest - loop.time()):
                    continue
                if not is_news or not await self._recall(batch):
                    break
                batch = self._batch(batch.journal_id, batch.after, taken)
                continue
            record, checked = waiting.take()
            taken.append((record, checked))
            add_record(batch, record, checked, self.book)
            if len(taken) % _BREATHE_EVERY == 0:
                await asyncio.sleep(0)
        batch.drained_at = self.clock() if waiting.empty else None
        self._closed_at = loop.time()
        return batch

    async def _recall(self, batch: Batch) -> bool:
        """Learn what others had confirmed of the news in *batch*; False: they are news indeed."""
        strangers = unknown(batch)
        recalled = await self.absorber.recall(list(strangers)) if strangers else {}
        learned = [key for key, known in recalled.items() if remember(strangers[key], known)]
        return bool(learned)

    async def apply_records(self, journal_id: str, after: int, taken: Sequence[Taken]) -> int:
        """Apply records that follow *after*; what fails alone, and again, is set aside.

        Returns the new position.
        """

        async def together(after: int, taken: Sequence[Taken]) -> int:
            batch = self._batch(journal_id, after, taken)
            if await self._recall(batch):
                batch = self._batch(journal_id, after, taken)
            return await self.settle(batch, taken)

        async def alone(after: int, one: Taken) -> int:
            forget([one], None)
            batch = self._batch(journal_id, after, [one])
            return await self.settle(batch, [one], NothingHeld())

        async def aside(after: int, one: Taken, error: Exception) -> int:
            batch = Batch(journal_id, after)
            set_aside(batch, one, error)
            return await self.settle(batch, [], NothingHeld())

        halving = Halving(together, alone, aside, self.progress.failed)
        return await halving.apply(after, taken)

    def _batch(self, journal_id: str, after: int, taken: Sequence[Taken]) -> Batch:
        batch = Batch(journal_id, after)
        for record, checked in taken:
            add_record(batch, record, checked, self.book)
        return batch

    async def settle(
        self, batch: Batch, taken: Sequence[Taken], absorber: Absorber | None = None
    ) -> int:
        """Take *batch*, made of *taken*, to the ledger; returns the new position."""
        last, loop = batch.last, asyncio.get_running_loop()
        started, absorption = loop.time(), Absorption(absorber or self.absorber)
        while True:
            try:
                await absorption.absorb(batch)
                applied = await self._insistence.ask(self.ledger.apply, batch)
            except SilencesMoved:
                for tenant in batch.tenants():
                    await self._insistence.ask(self._reread_silences, tenant)
            except RepeatsMoved as moved:
                forget(taken, {strand for _, strand in moved.strands})
            except LettersGone as gone:
                taken = [_without(one, gone.letters) for one in taken]
            except PositionMoved as moved:
                forget(taken, None)
                if moved.position >= last:  # an earlier try of unknown fate was committed
                    return moved.position
                batch.after = moved.position
                taken = [one for one in taken if one[0].seq > moved.position]
            else:
                self.progress.made()
                await self._tell(batch, taken, applied, absorption, loop.time() - started)
                return last
            if not taken:  # of dead letters only: nothing to collect again
                continue
            drained_at = batch.drained_at
            batch = self._batch(batch.journal_id, batch.after, taken)
            batch.drained_at = drained_at

    async def _reread_silences(self, tenant: int) -> None:
        """What is wrong with silences is no record's fault."""
        try:
            await self.read_silences(tenant)
        except GatewayError:
            raise
        except Exception as error:
            log.exception("silences cannot be read", extra={"tenant": tenant})
            raise LedgerStopped(f"silences cannot be read: {error}") from error

    async def _tell(
        self,
        batch: Batch,
        taken: Sequence[Taken],
        applied: Applied,
        absorption: Absorption,
        seconds: float,
    ) -> None:
        """After the commit: what others want to know. If that fails, nothing is undone."""
        try:
            self._remember(batch, applied)
            await absorption.confirm(batch, applied)
            self.observe(batch, applied, seconds)
        except Exception:
            log.exception("what was committed could not be told on")
            forget(taken, None)

    def _remember(self, batch: Batch, applied: Applied) -> None:
        for repeats in batch.repeats.values():
            for repeat in repeats.values():
                repeat.known.credited(repeat.lease_until, repeat.annotations)
        for (tenant, strand), known in applied.confirmed.items():
            memory = self.checker.memory(tenant, strand)
            if memory is not None:
                memory.confirmed = known


async def _trimmed(trim: Callable[[int], Awaitable[None]], position: int, before: int) -> int:
    """How far the journal is trimmed now; what it could not let go is tried again later."""
    try:
        await trim(position)
    except Exception:
        log.exception("the journal could not be trimmed")
        return before
    return position


async def _let_go(batch: Batch, taken: list[Taken]) -> None:
    """Freed bit by bit: a large batch at once would hold up answers for tens of milliseconds."""
    batch.repeats.clear()
    while taken:
        del taken[-_BREATHE_EVERY:]
        await asyncio.sleep(0)


def _without(one: Taken, letters: frozenset[tuple[int, str, bytes]]) -> Taken:
    """A record whose dead letter is gone holds nothing."""
    record, checked = one
    is_gone = (record.tenant, record.source, record.letter) in letters
    return record, Checked() if is_gone else checked


def forget(taken: Sequence[Taken], strands: set[bytes] | None) -> None:
    """Their next sightings are news; None: all of them."""
    for _, checked in taken:
        for identity in checked.identities:
            if strands is None or identity.strand in strands:
                identity.memory.confirmed = None
