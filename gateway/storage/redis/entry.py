"""The bytes that go to Redis and come back: see the headers of `lua/*.lua`.

Times are whole microseconds of the epoch; 0 stands for none, and what lies beyond 2^53 - 1, which
is as far as Lua's numbers are exact, for that.
"""

import struct
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from gateway.alerts.memory import Confirmed
from gateway.alerts.outcome import Outcome
from gateway.alerts.severity import Severity
from gateway.effects.confirmed import shared
from gateway.effects.repeats import Asked, Held, ReportKey
from gateway.intake.absorber import Confirmation
from gateway.moments import EPOCH, FOREVER

FARTHEST = 2**53 - 1
STRAND_BYTES = 16

ASKED = struct.Struct("<QIQQQ")
CONFIRMED = struct.Struct("<QQIQ")
VERSION = struct.Struct("<Q")
HEAD_BYTES = 7 + 7 + 4 + 4 + 7 + 7 + 7 + 7


class Remembered(msgspec.Struct, array_like=True, gc=False):
    """A `Confirmed` of one source as it lies in Redis. Its annotations and link are not kept."""

    firing: bool
    severity: Severity
    silenced: bool
    outcome: Outcome
    source_fingerprint: str
    started_at: int
    fired_at: int
    resolved_at: int
    last_resolve_at: int
    until: int
    fingerprint: bytes
    lease_until: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Remembered).decode


@lru_cache(maxsize=4_096)  # the sightings of one request share their times
def microseconds(moment: datetime | None) -> int:
    """Whole microseconds of the epoch; 0 for none."""
    if moment is None:
        return 0
    return min(round(moment.timestamp() * 1e6), FARTHEST)  # exact until the year 2242


def moment(at: int) -> datetime | None:
    """The opposite."""
    if at == 0:
        return None
    return FOREVER if at == FARTHEST else EPOCH + timedelta(microseconds=at)


def field(key: ReportKey) -> bytes:
    """Of a shard's hash."""
    return key[1] + key[2].encode()


def key_of(tenant: int, name: bytes) -> ReportKey:
    """The opposite of `field`."""
    return tenant, name[:STRAND_BYTES], name[STRAND_BYTES:].decode()


def pack_asked(asked: Iterable[Asked]) -> bytes:
    """For absorb."""
    pack, at = ASKED.pack, microseconds
    return b"".join(
        [
            pack(
                one.version,
                one.count,
                at(one.received_at),
                at(one.lease_until),
                at(one.unstarted_at),
            )
            for one in asked
        ]
    )


def pack_confirmation(confirmation: Confirmation, flush_at: datetime | None) -> bytes:
    """For confirm."""
    known = confirmation.known
    version = 0 if known is None else known.version
    return CONFIRMED.pack(confirmation.born, version, confirmation.credited, microseconds(flush_at))


def pack_state(known: Confirmed | None, source: str) -> bytes:
    """What another process needs to go on where this one is."""
    if known is None:
        return b""
    return _encode(
        Remembered(
            known.firing,
            known.severity,
            known.silenced,
            known.outcome,
            known.sources[source],
            microseconds(known.started_at),
            microseconds(known.fired_at),
            microseconds(known.resolved_at),
            microseconds(known.last_resolve_at),
            microseconds(known.until),
            known.fingerprint,
            microseconds(known.lease_until),
        )
    )


def unpack_state(state: bytes, version: int, source: str) -> Confirmed | None:
    """None if nothing was confirmed, or if another release wrote it in another form."""
    if not state:
        return None
    try:
        found = _decode(state)
    except msgspec.MsgspecError:
        return None
    return Confirmed(
        version=version,
        fingerprint=found.fingerprint,
        firing=found.firing,
        severity=found.severity,
        silenced=found.silenced,
        started_at=moment(found.started_at),
        fired_at=moment(found.fired_at),
        resolved_at=moment(found.resolved_at),
        last_resolve_at=moment(found.last_resolve_at),
        until=moment(found.until) or FOREVER,
        outcome=found.outcome,
        annotations=0,
        sources=shared({source: found.source_fingerprint}),
        lease_until=moment(found.lease_until) or FOREVER,
    )


class StoredEntry:
    """One entry, as it is stored."""

    __slots__ = ("_bytes", "_source")

    def __init__(self, entry: bytes, source: str) -> None:
        self._bytes, self._source = entry, source

    def _number(self, start: int, size: int) -> int:
        return int.from_bytes(self._bytes[start : start + size], "little")

    @property
    def _is_void(self) -> bool:
        return self._number(22, 7) == 0

    def recalled(self) -> Confirmed | None:
        """What it remembers, unless it is void or nothing was confirmed."""
        if self._is_void:
            return None
        return unpack_state(self._bytes[HEAD_BYTES:], self._number(0, 7), self._source)

    def held(self) -> Held:
        """Its counter, with all about it that is not credited."""
        count, credited = self._number(14, 4), self._number(18, 4)
        version = self._number(0, 7)
        held = Held(self._number(7, 7), count, count - credited, version, void=self._is_void)
        if held.uncredited > 0:
            held.received_at = moment(self._number(29, 7))
            held.lease_until = moment(self._number(36, 7))
            held.unstarted_at = moment(self._number(43, 7))
            held.state = unpack_state(self._bytes[HEAD_BYTES:], version, self._source)
        return held
