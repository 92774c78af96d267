"""How a group of records lies in a segment: as one frame, there whole or not at all.

    mark  first_seq  rows_bytes  bodies_bytes  checksum  rows  bodies
    u64   u64        u32         u32           u64

Little-endian. *mark* is its segment's own random number: frames behind a damaged one are found by
it, and no sender can make a body that passes for a frame. *rows* is MessagePack, of each record
received_at in microseconds, tenant, source, bytes of its body. Behind the source of a dead letter
that is taken in again its digest follows, in hex, after a NUL, which no source's name holds. The
checksum is XXH3-64 of all else.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate, count
from typing import Protocol

import msgspec
from xxhash import xxh3_64

from gateway.intake.journal import Record
from gateway.moments import EPOCH

_SEALED = struct.Struct("<QQII")
_HEAD = struct.Struct("<QQIIQ")
_Row = tuple[int, int, str, int]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[_Row]).decode

HEAD_BYTES = _HEAD.size
MARK_BYTES = 8


class NewRecord(Protocol):
    """A record that has no seq yet."""

    received_us: int
    """Microseconds since the epoch."""
    tenant: int
    source: str
    body: bytes
    letter: bytes


@dataclass(frozen=True, slots=True)
class FrameHead:
    """What a frame says of itself before its rows; not to be believed until the checksum is."""

    sealed: bytes
    """As it lay there, without the checksum."""
    first_seq: int
    rows_bytes: int
    bodies_bytes: int
    checksum: int

    @property
    def frame_bytes(self) -> int:
        return HEAD_BYTES + self.rows_bytes + self.bodies_bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole one."""

    first_seq: int
    rows: Sequence[_Row]
    bodies: memoryview
    bytes: int
    """Of the frame."""

    @property
    def last_seq(self) -> int:
        return self.first_seq + len(self.rows) - 1

    def records(self) -> Iterator[Record]:
        ends = accumulate(size for *_, size in self.rows)
        for seq, (received_us, tenant, source, size), end in zip(
            count(self.first_seq), self.rows, ends, strict=False
        ):
            received_at = EPOCH + timedelta(microseconds=received_us)
            body = bytes(self.bodies[end - size : end])
            name, _, letter = source.partition("\0")
            yield Record(seq, received_at, tenant, name, body, bytes.fromhex(letter))


def pack(mark: int, first_seq: int, group: Sequence[NewRecord]) -> list[bytes]:
    """The frame in pieces, to be written one after the other."""
    bodies = [entry.body for entry in group]
    rows = _encode([(one.received_us, one.tenant, _source(one), len(one.body)) for one in group])
    sealed = _SEALED.pack(mark, first_seq, len(rows), sum(map(len, bodies)))
    checksum = xxh3_64(sealed)
    checksum.update(rows)
    for body in bodies:
        checksum.update(body)
    return [sealed, checksum.intdigest().to_bytes(8, "little"), rows, *bodies]


def _source(entry: NewRecord) -> str:
    return f"{entry.source}\0{entry.letter.hex()}" if entry.letter else entry.source


def read_head(mark: int, data: bytes) -> FrameHead | None:
    """None if no frame of this segment begins there."""
    if len(data) < HEAD_BYTES:
        return None
    found, first_seq, rows_bytes, bodies_bytes, checksum = _HEAD.unpack(data)
    if found != mark:
        return None
    return FrameHead(data[: _SEALED.size], first_seq, rows_bytes, bodies_bytes, checksum)


def read_frame(head: FrameHead, payload: bytes) -> Frame | None:
    """*payload* is what follows the head; None if it is not what was written."""
    checksum = xxh3_64(head.sealed)
    checksum.update(payload)
    if checksum.intdigest() != head.checksum:
        return None
    view = memoryview(payload)
    rows = _decode(view[: head.rows_bytes])
    return Frame(head.first_seq, rows, view[head.rows_bytes :], head.frame_bytes)
