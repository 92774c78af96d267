"""The segments of a process that are open, and what happens to those that cannot be read."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.logs import get_logger
from gateway.storage.journal.files import (
    aside_path,
    keep_evidence,
    set_aside,
    sync_directory,
)
from gateway.storage.journal.segment import DamagedSegmentError, Segment

_logger = get_logger(__name__)

_OPEN_SEGMENTS = 64
"""To open one again looks through all of it, so they stay open up to this many."""


@dataclass(frozen=True, slots=True)
class SpentSegments:
    """Segments off the shelf, some of them open."""

    paths: Sequence[Path]
    _open: Sequence[Segment]

    def unlink(self) -> None:
        """Takes tens of milliseconds for large ones."""
        if not self.paths:
            return
        try:
            for path in self.paths:
                path.unlink(missing_ok=True)
            sync_directory(self.paths[0].parent)
        except OSError as error:
            _logger.error("an applied segment cannot be removed", reason=str(error))
        for segment in self._open:
            segment.close()


class Shelf:
    """Use from one thread."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, Segment] = OrderedDict()
        self._reported: set[Path] = set()
        self.damaged = 0
        """Segments found damaged since the start; each has left `*.corrupt` files."""
        self.unreadable = 0
        """Segments left in place because they could not be opened now."""

    def segment(self, path: Path) -> Segment:
        """The open segment, opened if need be."""
        segment = self._open.get(path)
        if segment is None:
            segment = Segment.open(path)
            if segment is None:
                raise DamagedSegmentError("the segment has lost its beginning")
            self.keep(segment)
        self._open.move_to_end(path)
        return segment

    def keep(self, segment: Segment) -> None:
        """Take over an open segment that nobody writes any more."""
        self._open[segment.path] = segment
        if len(self._open) > _OPEN_SEGMENTS:
            self._open.popitem(last=False)[1].close()

    def unlink(self, paths: Sequence[Path]) -> None:
        """Remove segments for good; what cannot be removed is found again at the next start."""
        self.take(paths).unlink()

    def take(self, paths: Sequence[Path]) -> "SpentSegments":
        """Nobody will ask for them again: they can be removed by any thread."""
        taken = [self._open.pop(path, None) for path in paths]
        return SpentSegments(paths, [segment for segment in taken if segment is not None])

    def look_for_damage(self, segment: Segment) -> None:
        """To be called when something was read of it."""
        if segment.damage:
            self.report_damage(segment.path, segment.damage, readable=True)

    def report_damage(self, path: Path, reason: str, readable: bool) -> None:
        """Say it loudly, once, and keep the bytes: *readable* ones stay in use, others do not."""
        if readable and path in self._reported:
            return
        self._reported.add(path)
        self.damaged += 1
        _logger.error(
            "a segment of the journal is damaged; answered requests may be lost",
            segment=str(path),
            kept_as=str(aside_path(path)),
            reason=reason,
            still_read=readable,
        )
        try:
            keep_evidence(path) if readable else set_aside(path)
        except OSError as failure:
            _logger.error("a damaged segment cannot be kept", reason=str(failure))
        if not readable:
            self._close(path)

    def report_unreadable(self, path: Path, error: Exception) -> None:
        """Too many files, a lock, a failing disk: it may be readable later, and stays."""
        self.unreadable += 1
        _logger.error(
            "a segment of the journal cannot be opened; the next start tries again",
            segment=str(path),
            reason=str(error),
        )

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def _close(self, path: Path) -> None:
        if segment := self._open.pop(path, None):
            segment.close()
