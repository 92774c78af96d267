"""The claims of a strand as one value of its row: eight bytes a time, three times a claim."""

import struct
from collections.abc import Iterable
from datetime import datetime, timedelta

from gateway.moments import EPOCH, FOREVER, MICROSECOND
from gateway.windows.claims import Claim

_CLAIM = struct.Struct(">qqq")
_UNNAMED, _ENDLESS = -(2**63), 2**63 - 1


def pack_claims(claims: Iterable[Claim]) -> bytes:
    """Start, receipt and lease of each, in microseconds of the epoch."""
    return b"".join(
        [
            _CLAIM.pack(
                _UNNAMED if claim.starts_at is None else _microseconds(claim.starts_at),
                _microseconds(claim.received_at),
                _ENDLESS if claim.lease_until >= FOREVER else _microseconds(claim.lease_until),
            )
            for claim in claims
        ]
    )


def unpack_claims(packed: bytes) -> tuple[Claim, ...]:
    """The opposite."""
    return tuple(
        Claim(
            None if start == _UNNAMED else _moment(start),
            _moment(received),
            FOREVER if lease == _ENDLESS else _moment(lease),
        )
        for start, received, lease in _CLAIM.iter_unpack(packed)
    )


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
