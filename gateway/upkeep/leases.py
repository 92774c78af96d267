"""Leases: what is not repeated in time is presumed over; its ticket waits for its source's word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.effects.sighting import reconsider
from gateway.effects.working_set import WorkingSet
from gateway.upkeep.piece import Wanted
from gateway.windows.strand import Strand

_Heard = Mapping[bytes, bool]
"""By strand: has a source of it been heard since its lease ran out?"""


@dataclass(frozen=True, slots=True)
class EndLeases:
    """Presume over what is not repeated; a lease longer than we are up is left alone."""

    found: Mapping[bytes, bytes]
    """Strands whose lease is to be looked at, each with its alert."""
    up_since: datetime
    heard: _Heard = field(default_factory=dict)

    def needs(self) -> Wanted:
        """The alerts."""
        return Wanted(set(self.found.values()))

    def decide(self, rows: WorkingSet, now: datetime) -> None:
        """Expire what is due."""
        for fingerprint in sorted(set(self.found.values())):
            strands = rows.strands_of.get(fingerprint, ())
            due = [strand for strand in strands if self._is_due(strand, now)]
            if due:
                self._expire(rows, fingerprint, due, now)

    def _is_due(self, strand: Strand, now: datetime) -> bool:
        if not strand.fires or strand.lease_until is None or strand.lease_until > now:
            return False
        # the guard: nobody could have repeated it to us within its lease
        return now >= self.up_since + (strand.lease_until - strand.last_seen)

    def _expire(
        self, rows: WorkingSet, fingerprint: bytes, due: Sequence[Strand], now: datetime
    ) -> None:
        for strand in due:
            strand.expired = True
            rows.changed_strands.add(strand.strand)
        is_heard = any(self.heard.get(strand.strand, False) for strand in due)
        rule = rows.rule_named(rows.alerts[fingerprint].rule)
        reconsider(rows, fingerprint, now, rule, heard=is_heard)


@dataclass(frozen=True, slots=True)
class ConfirmEnds:
    """Look again at alerts whose source was silent itself when their lease ran out."""

    found: Sequence[bytes]
    """Their fingerprints, sorted."""
    heard: _Heard = field(default_factory=dict)

    def needs(self) -> Wanted:
        """The alerts."""
        return Wanted(self.found)

    def decide(self, rows: WorkingSet, now: datetime) -> None:
        """A source that is heard again, and does not repeat it, has said that it is over."""
        for fingerprint, alert in sorted(rows.alerts.items()):
            strands = rows.strands_of.get(fingerprint, ())
            if alert.unconfirmed and any(self.heard.get(strand.strand) for strand in strands):
                reconsider(rows, fingerprint, now, rows.rule_named(alert.rule), heard=True)
