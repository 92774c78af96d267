"""Our own journal as the committing thread sees it: the current segment, and those before it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.intake.journal import Record
from gateway.logs import get_logger
from gateway.storage.journal.files import segment_path
from gateway.storage.journal.frame import NewRecord
from gateway.storage.journal.row import Sealed, SegmentRow
from gateway.storage.journal.segment import Header, Segment
from gateway.storage.journal.shelf import Shelf, SpentSegments

_logger = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SegmentSizes:
    """Bytes on disk, of one segment."""

    full_bytes: int
    """Another segment is begun beyond this."""
    applied_bytes: int
    """A segment whose records are all applied is unlinked beyond this, though not full."""


class Writer:
    """Use from one thread, but for `healthy` and `removable`."""

    def __init__(self, directory: Path, journal: str, shelf: Shelf, sizes: SegmentSizes) -> None:
        self._directory = directory
        self._journal = journal
        self._shelf = shelf
        self._sizes = sizes
        self._row = SegmentRow(shelf)
        self._current: Segment | None = None
        self._current_bytes = 0
        self._number = 0
        self._next_seq = 1
        self._committed_seq = 0
        self._committed_before = 0
        """Last committed seq of the segments before the current one."""
        self.healthy = True
        """The last write worked."""

    def commit(self, group: Sequence[NewRecord]) -> int:
        """Put the group on disk and return its first seq, or raise: then nothing of it is read.

        A failed commit's fate is unknown: the next start may find it. So its numbers are never used
        again, and its segment is never written again: a second fsync would lie about the first.
        """
        first_seq = self._next_seq
        self._next_seq += len(group)
        try:
            segment = self._current or self._begin(first_seq)
            segment.insert(first_seq, group)
        except Exception as error:
            self._note_failure(error)
            raise
        self._committed_seq = self._next_seq - 1
        self._current_bytes = segment.bytes
        self._note_success()
        return first_seq

    def tend(self) -> None:
        """After the answer: be done with a full segment."""
        if self._current_bytes >= self._sizes.full_bytes:
            self._seal()

    def probe(self) -> None:
        """While writing fails: see whether it works again, without waiting for a request."""
        try:
            self._begin(self._next_seq)
        except OSError:
            return
        self._note_success()

    def read(self, after: int, limit_bytes: int) -> list[Record]:
        """See `Journal.read`."""
        if found := self._row.read(after, limit_bytes):
            return found
        if self._current is None or self._committed_seq <= after:
            return []
        segment = self._current
        found = segment.read(after, limit_bytes)
        if segment.damage:  # then the next group is not trusted to it
            self._shelf.look_for_damage(segment)
            self._seal()
        return found

    def removable(self, applied: int) -> bool:
        """Whether `trim(applied)` would unlink anything. Any thread may ask."""
        first_last_seq = self._row.first_last_seq
        if first_last_seq is not None and first_last_seq <= applied:
            return True
        return self._current_bytes >= self._sizes.applied_bytes and self._committed_seq <= applied

    def trim(self, applied: int) -> SpentSegments:
        """What holds nothing beyond *applied*, be it the current segment if it is large."""
        if self._current_bytes >= self._sizes.applied_bytes and self._committed_seq <= applied:
            self._seal()
        return self._row.trim(applied)

    def close(self, *, discard: bool) -> None:
        """Nothing is committed any more; *discard* removes every file of this journal."""
        self._seal()
        if discard:
            self._row.clear()

    def _begin(self, first_seq: int) -> Segment:
        self._number += 1
        path = segment_path(self._directory, self._journal, self._number)
        header = Header(self._journal, self._number, first_seq, self._committed_seq)
        try:
            self._current = Segment.create(path, header)
        except BaseException:
            self._shelf.unlink([path])
            raise
        self._current_bytes = 0
        self._committed_before = self._committed_seq
        return self._current

    def _seal(self) -> None:
        segment, self._current, self._current_bytes = self._current, None, 0
        if segment is None:
            return
        holds_records = self._committed_seq > self._committed_before
        if holds_records:
            self._row.add(Sealed(segment.path, self._committed_seq))
        self._shelf.keep(segment)
        if not holds_records:
            self._shelf.unlink([segment.path])

    def _note_failure(self, error: Exception) -> None:
        if self.healthy:
            _logger.error("the journal cannot be written", reason=repr(error))
        self.healthy = False
        with suppress(OSError):
            self._seal()

    def _note_success(self) -> None:
        if not self.healthy:
            _logger.warning("the journal is written again")
        self.healthy = True
