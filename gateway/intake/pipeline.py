"""The way of an alert, after the answer: one pipeline a process, in journal order, in batches.

    committed records ─► checked (identities) ─► collect (silences; news and repeats)
                                                                       │
        trim the journal ◄─ confirm ◄─ commit ◄─ ledger, one transaction ◄─ absorber ◄─┘

A batch closes at once when it holds news, unless another just closed, and else after up to a
second: news hardly waits, repeats are summed. Whatever interrupts a batch (silences that moved, a
strand that changed elsewhere, the database away) undoes it whole; it is collected again from the
same records and tried again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, TypeVar

from gateway.clock import Clock
from gateway.errors import Conflict, GatewayError, NotFound, Unavailable
from gateway.intake.absorber import Absorber, NothingHeld
from gateway.intake.absorption import Absorption, remember, unknown
from gateway.intake.checked import Checked, Checker
from gateway.intake.collect import add_record
from gateway.intake.journal import Record
from gateway.intake.ledger import (
    Applied,
    Batch,
    Ledger,
    LedgerStopped,
    PositionMoved,
    RepeatsMoved,
    SilencesMoved,
)
from gateway.intake.source import MalformedPayload, Rejected
from gateway.intake.waiting import Taken, Waiting
from gateway.silences.book import SilenceBook

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Collected = tuple[Batch, list[Taken]]

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
    retry_seconds: float = 0.2
    retry_seconds_max: float = 5.0

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
    available: bool = True
    """The last try reached the ledger."""
    recovered_at: datetime | None = None
    """When the ledger came back from its latest outage; None: it never was away."""
    _closed_at: float = 0.0
    """When the batch before was closed, on the loop's clock."""

    def check(self, record: Record) -> Checked:
        """Read a record again. What cannot be read any more is rejected whole, never lost."""
        try:
            source = self.checker.source(record.source)
            return self.checker.check(source, record.tenant, record.body, record.received_at)
        except (MalformedPayload, NotFound) as error:
            return Checked(rejected=[Rejected(0, str(error), error.code, record.body)])

    async def follow(
        self, journal_id: str, waiting: Waiting, trim: Callable[[int], Awaitable[None]]
    ) -> None:
        """The process's own journal, until it is closed and drained."""
        position = await self.position(journal_id)
        waiting.reread(position)
        while not (waiting.closed and waiting.empty):
            if not await waiting.wait(self.options.heartbeat_seconds):
                await self._insist(self.ledger.heartbeat, journal_id, self.clock())
                continue
            batch, taken = await self._collect(journal_id, position, waiting)
            position = await self.settle(batch, taken)
            await trim(position)
            await _let_go(batch, taken)

    async def position(self, journal_id: str) -> int:
        """Where a journal stands in the ledger."""
        return await self._insist(self.ledger.position, journal_id)

    async def finish(self, journal_id: str) -> None:
        """A journal is drained and removed."""
        await self._insist(self.ledger.finish, journal_id)

    async def finish_predecessors(self, journal_id: str) -> None:
        """See `Ledger`."""
        await self._insist(self.ledger.finish_predecessors, journal_id)

    async def _collect(self, journal_id: str, after: int, waiting: Waiting) -> Collected:
        """Records for one batch; returns soon if there is news, and else when time is up."""
        options, loop = self.options, asyncio.get_running_loop()
        until = loop.time() + options.max_delay_seconds
        paced = self._closed_at + options.pace_seconds
        batch, taken = Batch(journal_id, after), list[Taken]()
        while not options.full(batch):
            is_full = batch.news_count >= options.max_news
            if is_full or not waiting.ready:
                is_news = is_full or batch.news_count > 0 or bool(batch.dead)
                at_latest = paced if is_news else until
                if not is_full and await waiting.wait(at_latest - loop.time()):
                    continue
                if not is_news or not await self._recall(batch):
                    break
                batch = self._batch(journal_id, after, taken)
                continue
            record, checked = waiting.take()
            taken.append((record, checked))
            add_record(batch, record, checked, self.book)
            if len(taken) % _BREATHE_EVERY == 0:
                await asyncio.sleep(0)
        batch.drained_at = self.clock() if waiting.empty else None
        self._closed_at = loop.time()
        return batch, taken

    async def _recall(self, batch: Batch) -> bool:
        """Learn what others had confirmed of the news in *batch*; False: they are news indeed."""
        strangers = unknown(batch)
        recalled = await self.absorber.recall(list(strangers)) if strangers else {}
        learned = [key for key, known in recalled.items() if remember(strangers[key], known)]
        return bool(learned)

    async def apply_records(self, journal_id: str, after: int, taken: Sequence[Taken]) -> int:
        """Apply records that follow *after*; returns the new position."""
        batch = self._batch(journal_id, after, taken)
        if await self._recall(batch):
            batch = self._batch(journal_id, after, taken)
        return await self.settle(batch, taken)

    def _batch(self, journal_id: str, after: int, taken: Sequence[Taken]) -> Batch:
        batch = Batch(journal_id, after)
        for record, checked in taken:
            add_record(batch, record, checked, self.book)
        return batch

    async def settle(self, batch: Batch, taken: Sequence[Taken]) -> int:
        """Take *batch*, made of *taken*, to the ledger; returns the new position."""
        last, loop = batch.last, asyncio.get_running_loop()
        started, absorption = loop.time(), Absorption(self.absorber)
        while True:
            try:
                await absorption.absorb(batch)
                applied = await self._insist(self.ledger.apply, batch)
            except SilencesMoved:
                for tenant in batch.tenants():
                    await self._insist(self.read_silences, tenant)
            except RepeatsMoved as moved:
                forget(taken, {strand for _, strand in moved.strands})
            except PositionMoved as moved:
                forget(taken, None)
                if moved.position >= last:  # an earlier try of unknown fate was committed
                    return moved.position
                batch.after = moved.position
                taken = [one for one in taken if one[0].seq > moved.position]
            else:
                self._remember(batch, applied)
                await absorption.confirm(batch, applied)
                self.observe(batch, applied, loop.time() - started)
                return last
            drained_at = batch.drained_at
            batch = self._batch(batch.journal_id, batch.after, taken)
            batch.drained_at = drained_at

    async def _insist(self, ask: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the ledger until it answers: the pipeline waits, intake goes on."""
        pause = self.options.retry_seconds
        while True:
            try:
                answer = await ask(*args, **kwargs)
            except Unavailable as error:
                self._away(error, logging.WARNING)
            except LedgerStopped as error:
                self._away(error, logging.CRITICAL)
            except Conflict:
                self._back()
                raise
            else:
                self._back()
                return answer
            await asyncio.sleep(pause)
            pause = min(2 * pause, self.options.retry_seconds_max)

    def _away(self, error: GatewayError, level: int) -> None:
        if self.available:
            log.log(level, "ledger away: the pipeline waits", extra={"error": str(error)})
        self.available = False

    def _back(self) -> None:
        if not self.available:
            self.recovered_at = self.clock()
            log.warning("ledger back: the pipeline goes on")
        self.available = True

    def _remember(self, batch: Batch, applied: Applied) -> None:
        for repeats in batch.repeats.values():
            for repeat in repeats.values():
                if repeat.annotations is not None:
                    repeat.known.annotations = hash(repeat.annotations)
        for (tenant, strand), known in applied.confirmed.items():
            memory = self.checker.memory(tenant, strand)
            if memory is not None:
                memory.confirmed = known


async def _let_go(batch: Batch, taken: list[Taken]) -> None:
    """Freed bit by bit: a large batch at once would hold up answers for tens of milliseconds."""
    batch.repeats.clear()
    while taken:
        del taken[-_BREATHE_EVERY:]
        await asyncio.sleep(0)


def forget(taken: Sequence[Taken], strands: set[bytes] | None) -> None:
    """Their next sightings are news; None: all of them."""
    for _, checked in taken:
        for identity in checked.identities:
            if strands is None or identity.strand in strands:
                identity.memory.confirmed = None
