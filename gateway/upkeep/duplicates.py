"""Duplicates that did not end together with their original, since they were too many."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.effects.tickets.ending import end_duplicates
from gateway.effects.working_set import WorkingSet
from gateway.upkeep.piece import Wanted


@dataclass(frozen=True, slots=True)
class EndDuplicates:
    """End what goes on though its original has ended."""

    found: Mapping[str, str]
    """Ids of duplicates, each with its original's."""

    def needs(self) -> Wanted:
        """All of them; none of their alerts: the originals have these."""
        return Wanted(tickets={*self.found, *self.found.values()})

    def decide(self, rows: WorkingSet, now: datetime) -> None:
        """One may stand for itself by now."""
        end_duplicates(rows, [one for one in rows.tickets.values() if one.duplicate_of], now)
