"""One segment: a file with a run of one journal's records, in frames one after the other.

The file begins with a block that says whose segment it is. Used by one thread.
"""

import os
import secrets
import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
from xxhash import xxh3_64_intdigest

from gateway.intake.journal import Record
from gateway.storage.journal.files import sync_directory
from gateway.storage.journal.frame import (
    HEAD_BYTES,
    MARK_BYTES,
    Frame,
    NewRecord,
    pack,
    read_frame,
    read_head,
)

_MAGIC = b"alerts\r\n"
_FORMAT = 1
_BLOCK = struct.Struct("<8sHHQ")
"""Magic, format, bytes of the header, XXH3-64 of it; the header in MessagePack follows."""
BLOCK_BYTES = 512
_PLACE_BYTES = 2**16
"""A place is remembered each so many bytes; what lies between is looked through."""
_SEARCHED_BYTES = 2**20


class DamagedSegmentError(Exception):
    """The file is not what was written: it does not say whose segment it is."""


class Header(msgspec.Struct, frozen=True, array_like=True):
    """What a segment says of itself."""

    journal: str
    number: int
    first_seq: int
    """Of the first record that may stand here."""
    previous_seq: int
    """The last committed one of the segments before, 0 if none."""
    mark: int = msgspec.field(default_factory=lambda: secrets.randbits(63))
    """See frame.py."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The records in a segment, or in a part of one."""

    records: int
    body_bytes: int
    first_seq: int
    """0 if there are no records, as are the next two."""
    last_seq: int
    oldest_us: int


NOTHING = Extent(records=0, body_bytes=0, first_seq=0, last_seq=0, oldest_us=0)


class Segment:
    """Raises OSError as it comes."""

    def __init__(self, path: Path, descriptor: int, header: Header) -> None:
        self.path = path
        self.header = header
        self.bytes = BLOCK_BYTES
        """On disk, up to the end of the last whole frame."""
        self.damage = ""
        """What was found damaged of that which had been written whole; empty if nothing was."""
        self.found = NOTHING
        """What was there when it was opened."""
        self._descriptor = descriptor
        self._seqs = array("Q")
        self._offsets = array("Q")
        """Places to begin reading at: the frame with this first seq, and where it lies."""

    @classmethod
    def create(cls, path: Path, header: Header) -> "Segment":
        """A new file, durable with its name."""
        # A write returns when it is on disk, so that the interpreter's lock is lost once a group.
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_DSYNC | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            _write(descriptor, [_block(header)], 0)
            sync_directory(path.parent)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(path, descriptor, header)

    @classmethod
    def open(cls, path: Path) -> "Segment | None":
        """An existing one, to be read; None if its creation was never finished.

        Raises DamagedSegmentError.
        """
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            header = _read_header(descriptor)
            if header is None:
                os.close(descriptor)
                return None
            segment = cls(path, descriptor, header)
            segment.found = _extent(segment._look_through())
        except BaseException:
            os.close(descriptor)
            raise
        return segment

    def insert(self, first_seq: int, group: Sequence[NewRecord]) -> None:
        """Write, durably, all or nothing. After a failure it must not be written again."""
        try:
            written = _write(self._descriptor, pack(self.header.mark, first_seq, group), self.bytes)
        except OSError:
            with suppress(OSError):  # what was refused had better not be found again
                os.ftruncate(self._descriptor, self.bytes)
            raise
        self._remember(first_seq, self.bytes)
        self.bytes += written

    def read(self, after: int, limit_bytes: int) -> list[Record]:
        """Records with seq > *after*, up to *limit_bytes* of bodies, at least one if there is one.

        What is damaged is passed over and noted in `damage`.
        """
        found: list[Record] = []
        room = limit_bytes
        for _, frame in self._frames(self._place(after), self.bytes):
            if frame.last_seq <= after:
                continue
            for record in frame.records():
                if record.seq <= after:
                    continue
                room -= len(record.body)
                if found and room < 0:
                    return found
                found.append(record)
        return found

    def extent(self, after: int = 0) -> Extent:
        """Of the records with seq > *after*; reads all of them."""
        return _extent((frame for _, frame in self._frames(self._place(after), self.bytes)), after)

    def close(self) -> None:
        os.close(self._descriptor)

    def _look_through(self) -> Iterator[Frame]:
        """Find what is there. A frame that is not whole and the last was never answered."""
        size = os.fstat(self._descriptor).st_size
        for offset, frame in self._frames(BLOCK_BYTES, size):
            self._remember(frame.first_seq, offset)
            self.bytes = offset + frame.bytes
            yield frame

    def _remember(self, first_seq: int, offset: int) -> None:
        if not self._offsets or offset - self._offsets[-1] >= _PLACE_BYTES:
            self._seqs.append(first_seq)
            self._offsets.append(offset)

    def _place(self, after: int) -> int:
        """Where to begin for the record after *after*."""
        index = bisect_right(self._seqs, after + 1)
        return self._offsets[index - 1] if index else BLOCK_BYTES

    def _frames(self, offset: int, end: int) -> Iterator[tuple[int, Frame]]:
        """Whole frames from *offset* on, each with where it lies."""
        while offset < end:
            frame = self._frame(offset, end)
            if frame is not None:
                yield offset, frame
                offset += frame.bytes
                continue
            following = self._next_frame(offset + 1, end)
            # Each frame was on disk before the next was written.
            if following < end or end <= self.bytes:
                self.damage = f"bytes {offset} to {following} are damaged"
            offset = following

    def _frame(self, offset: int, end: int) -> Frame | None:
        head = read_head(self.header.mark, os.pread(self._descriptor, HEAD_BYTES, offset))
        if head is None or offset + head.frame_bytes > end:
            return None
        payload_bytes = head.frame_bytes - HEAD_BYTES
        return read_frame(head, os.pread(self._descriptor, payload_bytes, offset + HEAD_BYTES))

    def _next_frame(self, offset: int, end: int) -> int:
        """Where the next whole frame lies, or *end*."""
        mark = self.header.mark.to_bytes(MARK_BYTES, "little")
        while offset < end:
            searched = os.pread(self._descriptor, min(_SEARCHED_BYTES, end - offset), offset)
            at = searched.find(mark)
            if at >= 0 and self._frame(offset + at, end) is not None:
                return offset + at
            # A mark may lie across the border of what was searched.
            offset += at + 1 if at >= 0 else max(1, len(searched) - MARK_BYTES + 1)
        return end


def _extent(frames: Iterable[Frame], after: int = 0) -> Extent:
    records = body_bytes = first_seq = last_seq = oldest_us = 0
    for frame in frames:
        rows = frame.rows[max(0, after + 1 - frame.first_seq) :]
        if not rows:
            continue
        if not records:
            first_seq, oldest_us = max(frame.first_seq, after + 1), rows[0][0]
        records += len(rows)
        body_bytes += sum(size for *_, size in rows)
        last_seq = frame.last_seq
    return Extent(records, body_bytes, first_seq, last_seq, oldest_us)


def _block(header: Header) -> bytes:
    packed = msgspec.msgpack.encode(header)
    head = _BLOCK.pack(_MAGIC, _FORMAT, len(packed), xxh3_64_intdigest(packed))
    return (head + packed).ljust(BLOCK_BYTES, b"\0")


def _read_header(descriptor: int) -> Header | None:
    data = os.pread(descriptor, BLOCK_BYTES, 0)
    if len(data) == BLOCK_BYTES:
        magic, version, packed_bytes, checksum = _BLOCK.unpack_from(data)
        packed = data[_BLOCK.size : _BLOCK.size + packed_bytes]
        if magic == _MAGIC and checksum == xxh3_64_intdigest(packed):
            if version != _FORMAT:
                raise OSError(f"segment format {version} is unknown here")
            return msgspec.msgpack.decode(packed, type=Header)
    if os.fstat(descriptor).st_size <= BLOCK_BYTES:
        return None
    raise DamagedSegmentError("the file does not begin as a segment does")


def _write(descriptor: int, pieces: list[bytes], offset: int) -> int:
    written = os.pwritev(descriptor, pieces, offset)
    if written != sum(map(len, pieces)):
        raise OSError("the disk took a part only")
    return written
