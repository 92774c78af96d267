"""The ends of time."""

from datetime import UTC, datetime

FOREVER = datetime.max.replace(tzinfo=UTC)
"""PostgreSQL's `infinity`."""
BEGINNING = datetime.min.replace(tzinfo=UTC)
"""PostgreSQL's `-infinity`."""


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The greater; None is before every time."""
    if one is None or (other is not None and other > one):
        return other
    return one
