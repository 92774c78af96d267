"""Journals of earlier process starts: found, checked for completeness, drained and removed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from gateway.intake.journal import Record
from gateway.storage.journal.files import segment_files
from gateway.storage.journal.recovery import RecoveryNotes
from gateway.storage.journal.row import Sealed, SegmentRow
from gateway.storage.journal.segment import DamagedSegmentError, Extent, Segment
from gateway.storage.journal.shelf import Shelf
from gateway.storage.journal.slots import Slot

T = TypeVar("T")


class DiskThread(Protocol):
    """The one thread that touches the journal's files."""

    async def call(self, function: Callable[[], T]) -> T:
        """See `Committer`."""


class RecoveredJournal:
    """See `gateway.intake.journal.Leftover`."""

    def __init__(
        self,
        journal_id: str,
        row: SegmentRow,
        slot: Slot,
        thread: DiskThread,
        changed: Callable[[], None],
    ) -> None:
        self.slot = slot
        self.unapplied = row.unapplied(0)
        self._id = journal_id
        self._last_seq = self.unapplied.last_seq
        self._row = row
        self._notes = RecoveryNotes(slot.directory)
        self._thread = thread
        self._changed = changed
        """Called in the loop's thread when `unapplied` is another."""
        self.discarded = False

    @property
    def id(self) -> str:
        return self._id

    @property
    def last_seq(self) -> int:
        return self._last_seq

    async def read(self, after: int, limit_bytes: int) -> Sequence[Record]:
        return await self._thread.call(lambda: self._row.read(after, limit_bytes))

    async def trim(self, applied: int) -> None:
        self.unapplied = await self._thread.call(lambda: self._trim(applied))
        self._changed()

    async def begin(self, seq: int) -> int:
        return await self._thread.call(lambda: self._notes.begin(self._id, seq))

    async def end(self) -> None:
        await self._thread.call(lambda: self._notes.end(self._id))

    async def discard(self) -> None:
        self.unapplied = await self._thread.call(self._discard)
        self.discarded = True
        self._changed()

    def _trim(self, applied: int) -> Extent:
        self._row.trim(applied).unlink()
        return self._row.unapplied(applied)

    def _discard(self) -> Extent:
        self._row.clear()
        self._notes.end(self._id)
        return self._row.unapplied(0)


def open_rows(directory: Path, shelf: Shelf) -> dict[str, SegmentRow]:
    """The journals in a slot of ours, the one with the oldest record first.

    Runs in the thread that owns *shelf*. Empty segments are removed, damaged ones set aside. What
    lies behind a segment that cannot be opened now waits with it: if it were applied first, the
    position in the ledger would be beyond the records that still wait.
    """
    files = segment_files(directory)
    RecoveryNotes(directory).forget_others(set(files))
    rows = {journal: _open_row(paths, shelf) for journal, paths in files.items()}
    filled = {journal: row for journal, row in rows.items() if row.unapplied(0).records}
    return dict(sorted(filled.items(), key=lambda item: (item[1].unapplied(0).oldest_us, item[0])))


def _open_row(paths: list[Path], shelf: Shelf) -> SegmentRow:
    found: list[Segment | None] = []
    for path in paths:
        try:
            found.append(_open(path, shelf))
        except DamagedSegmentError as error:
            shelf.report_damage(path, str(error), readable=False)
            found.append(None)
        except OSError as error:
            shelf.report_unreadable(path, error)
            break
    for one, following in zip(found, [*found[1:], None], strict=True):
        if one and (complaint := _complaint(one, following)):
            shelf.report_damage(one.path, complaint, readable=True)
    shelf.unlink([one.path for one in found if one and not one.found.records])
    return SegmentRow(
        shelf,
        [
            Sealed(one.path, one.found.last_seq, one.found)
            for one in found
            if one and one.found.records
        ],
    )


def _open(path: Path, shelf: Shelf) -> Segment | None:
    segment = Segment.open(path)
    if segment is None:
        shelf.unlink([path])
        return None
    shelf.keep(segment)
    return segment


def _complaint(one: Segment, following: Segment | None) -> str:
    """What is missing from the segment, empty if it is whole."""
    end = max(one.found.last_seq, one.header.first_seq - 1)
    if following and following.header.previous_seq > end:
        return f"records {end + 1} to {following.header.previous_seq} are missing"
    return one.damage
