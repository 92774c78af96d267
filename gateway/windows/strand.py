"""A strand's state, and how a sighting moves it.

R = greatest `ends_at` of the resolves. A firing sighting claims that it began at its `starts_at`;
the claim stands if that lies after R. The strand fires iff a claim stands, since the smallest start
that does. So any order of delivery gives the same state. Three rules more, none of which depends
on order either:

- A sender that names no start is believed by receipt: its claim stands if it was received after the
  last resolve.
- A resolve that names no end of its own ends every claim received before it.
- A firing sighting that is still being received a quarter of an hour after the last resolve was
  received is believed, whatever start it names.
"""

from datetime import datetime
from enum import Enum

import msgspec

from gateway.alerts.severity import Severity
from gateway.moments import later
from gateway.windows.claims import Claim, Ends, credited, standing
from gateway.windows.sightings import Summed


class Strand(msgspec.Struct, gc=False):
    """One source alert, as stored. `started_at` is the smallest start that stands."""

    strand: bytes
    fingerprint: bytes
    labels: bytes
    severity: Severity
    first_seen: datetime
    last_seen: datetime
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    unended_at: datetime | None = None
    """Greatest receipt of a resolve that named no end of its own."""
    unstarted_at: datetime | None = None
    claims: tuple[Claim, ...] = ()
    """Those that stand, in the order of their starts."""
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
    def ends(self) -> Ends:
        """What its resolves say."""
        return Ends(self.resolved_at, self.unended_at, self.last_resolve_at)

    @property
    def latest_start(self) -> datetime | None:
        """The greatest start that is named and stands; None if none is."""
        end = self.resolved_at
        starts = [claim.starts_at for claim in self.claims if claim.starts_at is not None]
        return max((start for start in starts if end is None or start > end), default=None)

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


def fold(strand: Strand, summed: Summed) -> Step:
    """Move *strand* by one summed sighting (in place); counts are moved as well."""
    if strand.claims and strand.last_firing_at is not None and strand.lease_until is not None:
        strand.claims = credited(
            strand.claims, strand.last_firing_at, strand.unstarted_at, strand.lease_until
        )
    step = _fold_firing(strand, summed) if summed.firing else _fold_resolve(strand, summed)
    strand.occurrences += summed.count
    strand.last_seen = max(strand.last_seen, summed.received_at)
    strand.first_seen = min(strand.first_seen, summed.first_received_at)
    return step


def _fold_firing(strand: Strand, summed: Summed) -> Step:
    before, was_expired, newest_at = strand.firing, strand.expired, strand.last_firing_at
    if summed.starts_at is None:
        strand.unstarted_at = later(strand.unstarted_at, summed.received_at)
    else:
        strand.fired_at = later(strand.fired_at, summed.starts_at)
    made = standing(_claims_of(summed), strand.ends)
    if not made:
        return Step.STALE
    _stand(strand, (*strand.claims, *made))
    if not before or newest_at is None or summed.received_at >= newest_at:
        # a journal drained late must not undo what came after it
        strand.severity, strand.silenced = summed.identity.severity, summed.silenced
    strand.expired = False
    if before:
        return Step.REVIVED if was_expired else Step.CONTINUED
    return Step.STARTED


def _claims_of(summed: Summed) -> tuple[Claim, ...]:
    """Of the smallest and the greatest start in it, or receipt where it names none."""
    last = Claim(summed.starts_at, summed.received_at, summed.lease_until)
    if summed.starts_at is None:
        return last._replace(received_at=summed.first_received_at), last
    return last._replace(starts_at=summed.began_at), last


def _stand(strand: Strand, claims: tuple[Claim, ...]) -> None:
    """Keep those of *claims* that stand, and what follows from them."""
    ends = strand.ends
    strand.claims = standing(claims, ends)
    strand.firing = bool(strand.claims)
    if strand.firing:
        starts = (ends.start_of(claim) for claim in strand.claims)
        strand.started_at = min(start for start in starts if start is not None)
        strand.last_firing_at = max(claim.received_at for claim in strand.claims)
        strand.lease_until = max(claim.lease_until for claim in strand.claims)


def _fold_resolve(strand: Strand, summed: Summed) -> Step:
    unknown, before = strand.occurrences == 0, strand.firing
    strand.resolved_at = later(strand.resolved_at, summed.ends_at)
    strand.last_resolve_at = later(strand.last_resolve_at, summed.received_at)
    if summed.unended:
        strand.unended_at = later(strand.unended_at, summed.received_at)
    _stand(strand, strand.claims)
    if strand.firing:
        return Step.STALE
    strand.expired = False
    if before:
        return Step.RESOLVED
    return Step.ORPHAN if unknown else Step.STALE
