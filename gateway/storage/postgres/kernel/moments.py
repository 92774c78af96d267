"""Moments at the border to the database: every `timestamptz` is an aware datetime, in and out.

The driver's own codec gives the ends of time back without a zone, and takes moments without one.
Source: PostgreSQL's `timestamptz_send`: microseconds since 2000, the greatest and least number for
`infinity` and `-infinity`.
"""

from datetime import UTC, datetime, timedelta

import asyncpg

from gateway.moments import BEGINNING, FOREVER, MICROSECOND

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_INFINITY = 2**63 - 1
_MINUS_INFINITY = -(2**63)


async def use_moments(connection: asyncpg.Connection) -> None:
    """From now on *connection* reads and writes moments as said above."""
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_encode, decoder=_decode, format="tuple"
    )


def _encode(moment: datetime) -> tuple[int]:
    """Raises TypeError for what is no aware datetime: the driver makes a DataError of it."""
    if moment == FOREVER:
        return (_INFINITY,)
    if moment == BEGINNING:
        return (_MINUS_INFINITY,)
    return ((moment - _EPOCH) // MICROSECOND,)


def _decode(sent: tuple[int]) -> datetime:
    microseconds = sent[0]
    if microseconds == _INFINITY:
        return FOREVER
    if microseconds == _MINUS_INFINITY:
        return BEGINNING
    return _EPOCH + timedelta(0, 0, microseconds)
