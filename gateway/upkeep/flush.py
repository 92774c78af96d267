"""What was held back of reports that fell silent: folded like sightings, only later."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.alerts.identity import Identity
from gateway.alerts.memory import StrandMemory
from gateway.effects.repeats import Held, ReportKey
from gateway.effects.sighting import apply_held
from gateway.effects.working_set import WorkingSet
from gateway.upkeep.piece import Wanted


@dataclass(frozen=True, slots=True)
class CreditHeld:
    """Credit what was held back; of forgotten strands nothing."""

    held: Mapping[ReportKey, Held]
    alerts: Collection[bytes]
    """Those that the strands were of when they were found."""
    taken: Mapping[ReportKey, int] = field(default_factory=dict)
    """How many of each are to be counted: those that were not before."""

    def needs(self) -> Wanted:
        """The alerts."""
        return Wanted(self.alerts)

    def known(self, rows: WorkingSet) -> dict[ReportKey, Held]:
        """What is held of the strands that there are."""
        return {key: one for key, one in self.held.items() if key[1] in rows.strands}

    def decide(self, rows: WorkingSet, now: datetime) -> None:
        """By their own times: *now* is only when that is done."""
        for key, count in sorted(self.taken.items()):
            apply_held(rows, self._identity(rows, key), self.held[key], count)

    def _identity(self, rows: WorkingSet, key: ReportKey) -> Identity:
        """As stored: what is held of an alert stays where its episode is."""
        strand = rows.strands[key[1]]
        alert = rows.alerts[strand.fingerprint]
        return Identity(
            tenant=rows.tenant,
            source=key[2],
            strand=strand.strand,
            fingerprint=strand.fingerprint,
            merge_key=alert.merge_key,
            labels=strand.labels,
            alert_labels=alert.labels,
            severity=strand.severity,
            rule=rows.rule_named(alert.rule),
            memory=StrandMemory(),
        )
