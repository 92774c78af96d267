"""A piece of a duty: what one transaction of it loads, and what it decides about that."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, Protocol

from gateway.effects.working_set import WorkingSet


class Wanted(NamedTuple):
    """Rows to be loaded under their locks, as far as they are still there; an alert comes with its
    window, strands and tickets.
    """

    alerts: Collection[bytes] = ()
    tickets: Collection[str] = ()


class Piece(Protocol):
    """A value that is made from what was found before the locks: so `decide` looks again."""

    def needs(self) -> Wanted:
        """What `decide` looks at."""

    def decide(self, rows: WorkingSet, now: datetime) -> None:
        """Change *rows*; what has moved since it was found is left alone."""
