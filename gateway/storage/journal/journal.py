"""The process's durable journal as the event loop sees it; nothing here waits for the disk."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Generic

from gateway.bounds import Between
from gateway.intake.journal import JournalFull, Record
from gateway.logs import get_logger
from gateway.moments import EPOCH, MICROSECOND
from gateway.storage.journal.backlog import Backlog
from gateway.storage.journal.committer import Committer, H, Pending
from gateway.storage.journal.leftover import RecoveredJournal, open_rows
from gateway.storage.journal.patience import Patience
from gateway.storage.journal.shelf import Shelf
from gateway.storage.journal.slots import Slot, take_abandoned_slots, take_slot
from gateway.storage.journal.writer import SegmentSizes, Writer

_logger = get_logger(__name__)

Committed = Callable[[list[tuple[Record, H]]], None]
"""Takes a group's records, each with what was handed to `append` as *checked*, in order of seq."""


MIN_SEGMENT_BYTES = 4_096
"""Less would be a file for each record."""


@dataclass(frozen=True, slots=True)
class JournalOptions:
    """Bounds of one process's journal."""

    max_bytes: int = 2 * 2**30
    """Of bodies that the ledger does not have yet; beyond it nothing is taken in."""
    segment_bytes: Annotated[int, Between(MIN_SEGMENT_BYTES, 2**40)] = 64 * 2**20
    """On disk. Room is given back in such pieces, an eighth of it when everything is applied."""
    probe_interval: timedelta = timedelta(seconds=1)
    """How often a disk that failed is tried when no request does."""
    patience: timedelta = timedelta(seconds=5)
    """A disk slower than this is answered as overload."""


class SegmentJournal(Generic[H]):
    """Implements `Journal` and `JournalHealth` of gateway.intake.journal; see `open_journal`."""

    def __init__(
        self, root: Path, slot: Slot, options: JournalOptions, committed: Committed[H]
    ) -> None:
        self._root = root
        self._slot = slot
        self._max_bytes = options.max_bytes
        self._hand_on = committed
        self._id = slot.id + secrets.token_hex(8)
        self._shelf = Shelf()
        sizes = SegmentSizes(
            full_bytes=options.segment_bytes,
            applied_bytes=options.segment_bytes // 8,
        )
        self._writer = Writer(slot.directory, self._id, self._shelf, sizes)
        self._committer = Committer(
            self._writer, self._delivered, self._refused, options.probe_interval.total_seconds()
        )
        self._patience = Patience(options.patience.total_seconds())
        self._backlog = Backlog()
        self._own_bytes = 0
        """Of bodies on their way to disk or there, and not applied."""
        self._leftovers: list[RecoveredJournal] = []
        self._leftover_bytes = 0
        self._last_received_us = 0
        self._closing = False

    @property
    def id(self) -> str:
        return self._id

    @property
    def writable(self) -> bool:
        return self._writer.healthy and self.unapplied_bytes < self._max_bytes

    @property
    def unapplied_bytes(self) -> int:
        return self._own_bytes + self._leftover_bytes

    @property
    def unapplied_records(self) -> int:
        return len(self._backlog) + sum(left.unapplied.records for left in self._leftovers)

    @property
    def oldest_unapplied_at(self) -> datetime | None:
        times = [left.unapplied.oldest_us for left in self._leftovers if left.unapplied.records]
        if (own := self._backlog.oldest_us) is not None:
            times.append(own)
        return EPOCH + timedelta(microseconds=min(times)) if times else None

    @property
    def damaged_segments(self) -> int:
        return self._shelf.damaged

    @property
    def unreadable_segments(self) -> int:
        """Left for the next start because they could not be opened at this one."""
        return self._shelf.unreadable

    async def append(
        self,
        received_at: datetime,
        tenant: int,
        source: str,
        body: bytes,
        checked: H,
        sightings: int = 1,
        letter: bytes = b"",
    ) -> int:
        if self._own_bytes + self._leftover_bytes + len(body) > self._max_bytes:
            raise JournalFull("too much waits for the ledger", "journal_full")
        if self._closing:
            raise JournalFull("the journal is closing", "journal_closed")
        received_us = (received_at - EPOCH) // MICROSECOND
        if received_us <= self._last_received_us:
            received_us = self._last_received_us + 1
            received_at = EPOCH + timedelta(microseconds=received_us)
        self._last_received_us = received_us + max(sightings, 1) - 1
        self._own_bytes += len(body)
        answer = self._patience.answer()
        self._committer.submit(
            Pending(received_at, received_us, tenant, source, body, checked, answer, letter)
        )
        return await answer

    async def read(self, after: int, limit_bytes: int) -> Sequence[Record]:
        return await self._committer.call(lambda: self._writer.read(after, limit_bytes))

    async def trim(self, applied: int) -> None:
        self._own_bytes -= self._backlog.trim(applied)
        if self._writer.removable(applied):
            gone = await self._committer.call(lambda: self._writer.trim(applied))
            await asyncio.to_thread(gone.unlink)  # what is being appended does not wait for it

    def leftovers(self) -> list[RecoveredJournal]:
        """Journals of earlier starts that are ours to drain."""
        return list(self._leftovers)

    async def claim_abandoned(self) -> list[RecoveredJournal]:
        """Take over what dead processes left in other slots; returns what is new in `leftovers`."""
        claimed: list[RecoveredJournal] = []
        for slot in await self._committer.call(lambda: take_abandoned_slots(self._root)):
            claimed += await self._adopt(slot)
        return claimed

    async def open(self) -> None:
        self._committer.start()
        await self._adopt(self._slot)

    async def _adopt(self, slot: Slot) -> list[RecoveredJournal]:
        adopted = await self._committer.call(lambda: self._recover(slot))
        self._leftovers += adopted
        self._leftovers_changed()
        return adopted

    def _recover(self, slot: Slot) -> list[RecoveredJournal]:
        return [
            RecoveredJournal(journal, row, slot, self._committer, self._leftovers_changed)
            for journal, row in open_rows(slot.directory, self._shelf).items()
        ]

    def _leftovers_changed(self) -> None:
        gone = [left for left in self._leftovers if left.discarded]
        self._leftovers = [left for left in self._leftovers if not left.discarded]
        self._leftover_bytes = sum(left.unapplied.body_bytes for left in self._leftovers)
        held = {id(left.slot) for left in self._leftovers} | {id(self._slot)}
        for left in gone:
            if id(left.slot) not in held:
                left.slot.release()

    def _delivered(self, first_seq: int, group: Sequence[Pending[H]]) -> None:
        records = [
            (
                Record(seq, one.received_at, one.tenant, one.source, one.body, one.letter),
                one.checked,
            )
            for seq, one in enumerate(group, first_seq)
        ]
        self._backlog.add(first_seq, [(one.received_us, len(one.body)) for one in group])
        try:
            self._hand_on(records)
        except Exception:
            _logger.exception("committed records were not taken; they must be read back")
        for (record, _), one in zip(records, group, strict=True):
            if not one.answer.done():
                one.answer.set_result(record.seq)
        self._patience.forget_answered()

    def _refused(self, group: Sequence[Pending[H]]) -> None:
        for one in group:
            self._own_bytes -= len(one.body)
            if not one.answer.done():
                one.answer.set_exception(
                    JournalFull("the journal cannot be written", "journal_unwritable")
                )
        self._patience.forget_answered()

    async def close(self, *, orderly: bool) -> None:
        self._closing = True
        try:
            await self._committer.call(lambda: None)  # now everything submitted was delivered
            discard = not len(self._backlog)
            await self._committer.call(lambda: self._writer.close(discard=discard))
            if orderly:  # else the record being applied may be the reason
                for leftover in self._leftovers:
                    await leftover.end()
        finally:
            await self._committer.call(self._shelf.close)
            await self._committer.stop()
            for slot in [self._slot, *(leftover.slot for leftover in self._leftovers)]:
                slot.release()


@asynccontextmanager
async def open_journal(
    root: Path, options: JournalOptions, committed: Committed[H]
) -> AsyncIterator[SegmentJournal[H]]:
    """Take a slot under *root*, recover what is in it, and begin a journal of a fresh id.

    *committed* is called in the loop's thread for every group, before its appenders wake. Leaving
    commits what waits; with everything applied it leaves no file behind. Leaving without an error,
    or cancelled, ends what was begun of a leftover too: to be stopped is not to be killed.
    """
    slot = await asyncio.to_thread(take_slot, root)
    journal = SegmentJournal(root, slot, options, committed)
    orderly = True
    try:
        await journal.open()
        yield journal
    except Exception:
        orderly = False
        raise
    finally:
        await journal.close(orderly=orderly)
