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
    step = _fold_firing(strand, summed) if summed.firing else _fold_resolve(strand, summed)
    strand.occurrences += summed.count
    strand.last_seen = max(strand.last_seen, summed.received_at)
    strand.first_seen = min(strand.first_seen, summed.first_received_at)
    return step


def _fold_firing(strand: Strand, summed: Summed) -> Step:
    before, was_expired = strand.firing, strand.expired
    newest = strand.last_firing_at is None or summed.received_at >= strand.last_firing_at
    strand.last_firing_at = later(strand.last_firing_at, summed.received_at)
    if summed.starts_at is None:
        strand.unstarted_at = later(strand.unstarted_at, summed.received_at)
    else:
        strand.fired_at = later(strand.fired_at, summed.starts_at)
    strand.firing = fires(strand)
    if not _is_current(strand, summed):
        return Step.STALE
    if newest or not before:  # a journal drained late must not undo what came after it
        strand.severity, strand.silenced = summed.identity.severity, summed.silenced
    strand.expired = False
    if before:
        _go_on(strand, summed)
        return Step.REVIVED if was_expired else Step.CONTINUED
    _start(strand, summed)
    return Step.STARTED


def _is_current(strand: Strand, summed: Summed) -> bool:
    """Would this firing sighting alone make the strand fire? Else it speaks of what is over."""
    if strand.last_resolve_at is None or strand.resolved_at is None:
        return True
    if summed.received_at >= strand.last_resolve_at + BELIEVED_AFTER:
        return True
    if summed.starts_at is None:
        return summed.received_at > strand.last_resolve_at
    return summed.starts_at > strand.resolved_at


def _fold_resolve(strand: Strand, summed: Summed) -> Step:
    unknown, before = strand.occurrences == 0, strand.firing
    strand.resolved_at = later(strand.resolved_at, summed.ends_at)
    strand.last_resolve_at = later(strand.last_resolve_at, summed.received_at)
    strand.firing = fires(strand)
    if strand.firing:
        _start_again(strand)
        return Step.STALE
    strand.expired = False
    if before:
        return Step.RESOLVED
    return Step.ORPHAN if unknown else Step.STALE


def _start(strand: Strand, summed: Summed) -> None:
    start = _named_start(strand, summed)
    strand.started_at = summed.first_received_at if start is None else start
    strand.lease_until = summed.lease_until


def _go_on(strand: Strand, summed: Summed) -> None:
    start, known = _named_start(strand, summed), strand.started_at
    if start is not None and (known is None or start < known or not _is_after_end(strand, known)):
        strand.started_at = start
    strand.lease_until = later(strand.lease_until, summed.lease_until)


def _named_start(strand: Strand, summed: Summed) -> datetime | None:
    """The start that *summed* names, or its receipt, if it lies after the last end."""
    start = summed.began_at or summed.first_received_at
    return start if _is_after_end(strand, start) else None


def _is_after_end(strand: Strand, moment: datetime) -> bool:
    return strand.resolved_at is None or moment > strand.resolved_at


def _start_again(strand: Strand) -> None:
    """A late resolve ended an earlier episode: the one that runs began after that."""
    if strand.started_at is None or _is_after_end(strand, strand.started_at):
        return
    is_known = strand.fired_at is not None and _is_after_end(strand, strand.fired_at)
    strand.started_at = strand.fired_at if is_known else strand.last_firing_at
