"""Moments: where machines begin to count, where time ends, and the smallest step between two."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
"""What Python and PostgreSQL tell apart."""
FOREVER = datetime.max.replace(tzinfo=UTC)
"""PostgreSQL's `infinity`."""
BEGINNING = datetime.min.replace(tzinfo=UTC)
"""PostgreSQL's `-infinity`."""


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The greater; None is before every time."""
    if one is None or (other is not None and other > one):
        return other
    return one
