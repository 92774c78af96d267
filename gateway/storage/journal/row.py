"""A row of sealed segments: records of one journal that nobody adds to any more, in order."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gateway.intake.journal import Record
from gateway.storage.journal.segment import NOTHING, DamagedSegmentError, Extent, Segment
from gateway.storage.journal.shelf import Shelf, SpentSegments


@dataclass(slots=True)
class Sealed:
    """One segment of the row. *unapplied* is kept for recovered ones only."""

    path: Path
    last_seq: int
    unapplied: Extent = NOTHING


class SegmentRow:
    """Use from one thread, but for `first_last_seq`."""

    def __init__(self, shelf: Shelf, sealed: Iterable[Sealed] = ()) -> None:
        self._shelf = shelf
        self._sealed = deque(sealed)
        self.first_last_seq: int | None = None
        """The last seq of the first segment, if there is one. Any thread may look."""
        self._note_first()

    def add(self, sealed: Sealed) -> None:
        self._sealed.append(sealed)
        self._note_first()

    def read(self, after: int, limit_bytes: int) -> list[Record]:
        """See `Journal.read`; stays within one segment. What proves damaged is passed over."""
        for sealed in [sealed for sealed in self._sealed if sealed.last_seq > after]:
            if (segment := self._open(sealed)) is None:
                continue
            records = segment.read(after, limit_bytes)
            self._shelf.look_for_damage(segment)
            if records:
                return records
        return []

    def trim(self, applied: int) -> SpentSegments:
        """The segments that hold nothing beyond *applied*, to be unlinked."""
        gone = []
        while self._sealed and self._sealed[0].last_seq <= applied:
            gone.append(self._sealed.popleft().path)
        self._note_first()
        return self._shelf.take(gone)

    def clear(self) -> None:
        """Unlink all."""
        gone = [sealed.path for sealed in self._sealed]
        self._sealed.clear()
        self._note_first()
        self._shelf.unlink(gone)

    def unapplied(self, applied: int) -> Extent:
        """What a recovered row still holds beyond *applied*; call `trim` first."""
        while self._sealed:
            if first := self._open(self._sealed[0]):
                self._sealed[0].unapplied = first.extent(after=applied)
                break
        else:
            return NOTHING
        extents = [sealed.unapplied for sealed in self._sealed]
        return Extent(
            records=sum(extent.records for extent in extents),
            body_bytes=sum(extent.body_bytes for extent in extents),
            first_seq=extents[0].first_seq,
            last_seq=extents[-1].last_seq,
            oldest_us=extents[0].oldest_us,
        )

    def _open(self, sealed: Sealed) -> Segment | None:
        """None if it cannot be read at all any more."""
        try:
            return self._shelf.segment(sealed.path)
        except DamagedSegmentError as error:
            self._sealed.remove(sealed)
            self._note_first()
            self._shelf.report_damage(sealed.path, str(error), readable=False)
            return None

    def _note_first(self) -> None:
        self.first_last_seq = self._sealed[0].last_seq if self._sealed else None
