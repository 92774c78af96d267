"""Quiets: what a person had quieted and still fires has a live ticket again when that ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.effects.working_set import WorkingSet
from gateway.silences.book import TenantSilences
from gateway.upkeep.piece import Wanted
from gateway.upkeep.silences import judge


@dataclass(frozen=True, slots=True)
class EndQuiets:
    """Hand alerts whose quiet is over to the decision."""

    found: Sequence[bytes]
    """Their fingerprints."""
    silences: TenantSilences

    def needs(self) -> Wanted:
        """The alerts."""
        return Wanted(self.found)

    def decide(self, rows: WorkingSet, now: datetime) -> None:
        """A silence may hold them meanwhile."""
        for fingerprint, alert in sorted(rows.alerts.items()):
            if alert.quiet_until is not None and alert.quiet_until <= now:
                rows.void(fingerprint)
                judge(rows, fingerprint, self.silences, now)
