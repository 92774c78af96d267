"""What sightings, in the order in which they were applied, must have left of alerts and windows.

A witness sees each sighting alone and writes down what follows from it. It shares the rule of a
strand with what it testifies against (`fold` has laws of its own), and nothing else: no rows, no
batches, no decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.alerts.identity import Identity
from gateway.alerts.rule import AutoResolve
from gateway.windows.sightings import Summed
from gateway.windows.strand import Step, Strand, fold
from tests.windows.sums import new_strand

Policy = tuple[str, timedelta, AutoResolve]
"""Name, length and auto_resolve of a rule."""


@dataclass
class Span:
    """One episode as it went by."""

    rule: str
    merge_key: bytes
    start: datetime
    end: datetime | None = None
    tickets: list[str] = field(default_factory=list)
    """Those that it was on, one after the other."""


@dataclass
class Life:
    """One alert: all that its sightings say of it, but for how it stands now."""

    merge_key: bytes
    annotations: bytes
    spans: list[Span] = field(default_factory=list)

    @property
    def running(self) -> bool:
        return bool(self.spans) and self.spans[-1].end is None


@dataclass
class Witness:
    """See each sighting in the order in which it is applied."""

    strands: dict[bytes, Strand] = field(default_factory=dict)
    lives: dict[bytes, Life] = field(default_factory=dict)
    policies: dict[bytes, Policy] = field(default_factory=dict)
    """Of windows, by merge key."""
    noted: dict[bytes, int] = field(default_factory=dict)
    """How many episodes of an alert there were when tickets were last noted."""

    def see(self, summed: Summed) -> None:
        """One sighting."""
        identity = summed.identity
        strand = self.strands.setdefault(identity.strand, new_strand(identity))
        step = fold(strand, summed)
        new = Life(identity.merge_key, summed.annotations or b"{}")
        life = self.lives.setdefault(strand.fingerprint, new)
        if summed.firing and step is not Step.STALE and summed.annotations:
            life.annotations = summed.annotations
        self.policies.setdefault(life.merge_key, _policy(identity))
        self._follow(strand.fingerprint, identity)

    def expire(self, key: bytes) -> None:
        """The lease of a strand that fires has run out, if its sightings were seen here."""
        strand = self.strands.get(key)
        if strand is not None:
            strand.expired = True
            self._follow(strand.fingerprint, None)

    def _follow(self, fingerprint: bytes, identity: Identity | None) -> None:
        life, strands = self.lives[fingerprint], self.strands_of(fingerprint)
        starts = _starts(strands, life.running)
        if not any(one.fires for one in strands):
            if life.running and _is_over(strands):
                end = max(one.resolved_at for one in strands if one.resolved_at)
                life.spans[-1].end = max(end, life.spans[-1].start)
        elif life.running:
            life.spans[-1].start = min(starts)
        else:
            assert identity is not None, "nothing begins but with a sighting"
            life.merge_key = identity.merge_key
            self.policies[life.merge_key] = _policy(identity)
            life.spans.append(Span(identity.rule.name, life.merge_key, min(starts)))

    def strands_of(self, fingerprint: bytes) -> list[Strand]:
        return [one for one in self.strands.values() if one.fingerprint == fingerprint]

    def note_ticket(self, fingerprint: bytes, ticket: str) -> None:
        """The last episode of the alert is on that ticket, if it was not before."""
        tickets = self.lives[fingerprint].spans[-1].tickets
        if tickets[-1:] != [ticket]:
            tickets.append(ticket)


def _policy(identity: Identity) -> Policy:
    return identity.rule.name, identity.rule.window, identity.rule.auto_resolve


def _starts(strands: Sequence[Strand], running: bool) -> list[datetime]:
    """Of what fires; in a running episode also of what fired in it and may do so still."""
    lost = [one for one in strands if one.firing and one.expired and not _is_answered(one, strands)]
    parts = [one for one in strands if one.fires] + (lost if running else [])
    return [one.started_at for one in parts if one.started_at]


def _is_over(strands: Sequence[Strand]) -> bool:
    """None of them fires; and where a lease ran out, another has said since that it is over."""
    return all(not one.firing or (one.expired and _is_answered(one, strands)) for one in strands)


def _is_answered(lost: Strand, strands: Sequence[Strand]) -> bool:
    heard = [one for one in strands if not (one.firing and one.expired)]
    ends = [one.last_resolve_at for one in heard if one.last_resolve_at]
    return any(lost.last_firing_at is not None and end >= lost.last_firing_at for end in ends)
