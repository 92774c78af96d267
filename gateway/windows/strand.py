"""A strand's state, and how a sighting moves it.

F = greatest `starts_at` of the firing sightings, R = greatest `ends_at` of the resolves. It fires
iff F > R. Everything kept is a greatest, so any order of delivery gives the same state.
Two additions, greatests as well:

- A sender that names no start is believed by receipt: it fires if its last firing sighting was
  received after the last resolve.
- A firing sighting that is still being received a quarter of an hour after the last resolve was
  received is believed, whatever start it names.
"""

from datetime import datetime, timedelta
from enum import Enum

import msgspec

from gateway.alerts.severity import Severity
from gateway.windows.summed import Summed
from gateway.windows.times import later

BELIEVED_AFTER = timedelta(minutes=15)


class Strand(msgspec.Struct, gc=False):
    """One source alert, as stored. `started_at` is the smallest known start after R."""

    strand: bytes
    fingerprint: bytes
    labels: bytes
    severity: Severity
    first_seen: datetime
    last_seen: datetime
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    unstarted_at: datetime | None = None
    last_firing_at: datetime | None = None
    last_resolve_at: datetime | None = None
    started_at: datetime | None = None
    lease_until: datetime | None = None
    firing: bool = False
    expired: bool = False
    silenced: bool = False
    occurrences: int = 0
    last_outcome: str = ""
    version: int = 0

    @property
    def fires(self) -> bool:
        """It fires, and its lease stands."""
        return self.firing and not self.expired


class Step(Enum):
    """What one summed sighting did to its strand."""

    STARTED = "it fires now and did not before"
    CONTINUED = "it fired and fires"
    REVIVED = "its lease had run out; it fires again"
    RESOLVED = "it fired and does not any more"
    STALE = "nothing: the sighting speaks of what is over"
    ORPHAN = "a resolve of what was never seen"


def fires(strand: Strand) -> bool:
    """Do the greatests say that it fires? Leases are not asked."""
    if strand.last_firing_at is None:
        return False
    if strand.last_resolve_at is None or strand.resolved_at is None:
        return True
    if strand.fired_at is not None and strand.fired_at > strand.resolved_at:
        return True
    if strand.unstarted_at is not None and strand.unstarted_at > strand.last_resolve_at:
        return True
    return strand.last_firing_at >= strand.last_resolve_at + BELIEVED_AFTER


def fold(strand: Strand, summed: Summed) -> Step:
    """Move *strand* by one summed sighting (in place); counts are moved as well."""
    unknown = strand.occurrences == 0
    before, was_expired = strand.firing, strand.expired
    if summed.firing:
        _fold_firing(strand, summed)
    else:
        strand.resolved_at = later(strand.resolved_at, summed.ends_at)
        strand.last_resolve_at = later(strand.last_resolve_at, summed.received_at)
    strand.occurrences += summed.count
    strand.last_seen = max(strand.last_seen, summed.received_at)
    strand.first_seen = min(strand.first_seen, summed.first_received_at)
    strand.firing = fires(strand)
    step = _step(before, was_expired, strand.firing, summed.firing, unknown)
    _settle_episode(strand, summed, step)
    return step


def _fold_firing(strand: Strand, summed: Summed) -> None:
    strand.last_firing_at = later(strand.last_firing_at, summed.received_at)
    if summed.starts_at is None:
        strand.unstarted_at = later(strand.unstarted_at, summed.received_at)
    else:
        strand.fired_at = later(strand.fired_at, summed.starts_at)
    strand.severity = summed.identity.severity


def _step(before: bool, was_expired: bool, after: bool, is_firing: bool, unknown: bool) -> Step:
    match before, after:
        case True, True if is_firing:
            return Step.REVIVED if was_expired else Step.CONTINUED
        case True, True:
            return Step.STALE
        case True, False:
            return Step.RESOLVED
        case False, True:
            return Step.STARTED
        case _:
            return Step.ORPHAN if unknown and not is_firing else Step.STALE


def _settle_episode(strand: Strand, summed: Summed, step: Step) -> None:
    start = summed.began_at or summed.first_received_at
    match step:
        case Step.STARTED:
            if strand.resolved_at is not None and start <= strand.resolved_at:
                start = _start_after(strand, summed)
            strand.started_at, strand.lease_until = start, summed.lease_until
            strand.expired, strand.silenced = False, summed.silenced
        case Step.REVIVED | Step.CONTINUED:
            known = strand.started_at or start
            if strand.resolved_at is None or start > strand.resolved_at:
                known = min(known, start)
            strand.started_at = known
            strand.lease_until = later(strand.lease_until, summed.lease_until)
            strand.expired, strand.silenced = False, summed.silenced
        case Step.RESOLVED:
            strand.expired = False
        case Step.STALE if strand.firing and _starts_before_resolve(strand):
            strand.started_at = strand.fired_at  # a resolve of what the start counted in
        case _:
            pass


def _starts_before_resolve(strand: Strand) -> bool:
    if strand.started_at is None or strand.resolved_at is None:
        return False
    return strand.started_at <= strand.resolved_at


def _start_after(strand: Strand, summed: Summed) -> datetime:
    fired, resolved = strand.fired_at, strand.resolved_at
    if fired is not None and resolved is not None and fired > resolved:
        return fired
    return summed.first_received_at
