"""What the ledger has confirmed of a strand: a sighting that would not change it is a mere repeat.

A repeat is only counted, against the strand's version: if anything has changed elsewhere since,
the ledger refuses the credit and the batch is worked out again. So a wrong or old memory can cost
time, and never hides news.
"""

from datetime import datetime

import msgspec

from gateway.alerts.alert import Alert, AlertStatus
from gateway.alerts.identity import Identity
from gateway.alerts.severity import Severity
from gateway.alerts.sighting import Sighting
from gateway.windows.decide import Outcome
from gateway.windows.strand import Strand
from gateway.windows.times import FOREVER


class Confirmed(msgspec.Struct, gc=False):
    """One strand, as it stood in the last transaction of this process that touched it."""

    version: int
    fingerprint: bytes
    """Of the alert that it belongs to."""
    firing: bool
    severity: Severity
    silenced: bool
    started_at: datetime | None
    fired_at: datetime | None
    """The greatest start that stands."""
    resolved_at: datetime | None
    last_resolve_at: datetime | None
    until: datetime
    """A quiet ends then: the next sighting is news again."""
    outcome: Outcome
    """Of a repeat."""
    annotations: int
    """Hash of those last written, 0 if that is not known: a repeat may bring others."""
    sources: dict[str, str]
    """Source → how it names the alert. Shared by strands, so never changed in place."""
    lease_until: datetime = FOREVER
    """Of the strand, as committed by this process: what is received later may revive it."""

    def credited(self, lease_until: datetime | None, annotations: bytes | None) -> None:
        """Repeats of it are in the ledger, and what they said beyond that (None: nothing)."""
        if lease_until is not None and lease_until > self.lease_until:
            self.lease_until = lease_until
        if annotations is not None:
            self.annotations = hash(annotations)


def is_repeat(
    known: Confirmed, identity: Identity, sighting: Sighting, silenced: bool, received_at: datetime
) -> bool:
    """Would this sighting change nothing but counts and times?"""
    if known.silenced is not silenced or known.firing is not sighting.firing:
        return False
    if known.sources.get(identity.source) != sighting.source_fingerprint:
        return False
    if not sighting.firing:
        return known.resolved_at is not None and (
            sighting.ends_at is not None and sighting.ends_at <= known.resolved_at
        )
    if received_at >= known.until or received_at >= known.lease_until:
        return False
    if known.severity is not identity.severity:
        return False
    if known.fingerprint != identity.fingerprint:
        return False
    start = sighting.starts_at
    if known.started_at is None:
        return False
    if known.resolved_at is not None and known.started_at <= known.resolved_at:
        return False
    if start is None:
        last_end = known.last_resolve_at
        return known.started_at <= received_at and (last_end is None or received_at > last_end)
    # one in between would be the first that stands, should a resolve come that ends the others
    return start in (known.started_at, known.fired_at)


def confirm(
    strand: Strand, alert: Alert, sources: dict[str, str], annotations: int
) -> Confirmed | None:
    """What to remember of *strand* after its commit; None: its next sighting is news anyhow."""
    if strand.expired or alert.status is AlertStatus.EXPIRED:
        return None
    return Confirmed(
        version=strand.version,
        fingerprint=strand.fingerprint,
        firing=strand.firing,
        severity=strand.severity,
        silenced=strand.silenced if strand.firing else False,
        started_at=strand.started_at,
        fired_at=strand.latest_start,
        resolved_at=strand.resolved_at,
        last_resolve_at=strand.last_resolve_at,
        until=alert.quiet_until or FOREVER,
        outcome=_repeated(strand, alert),
        annotations=annotations,
        sources=shared(sources),
        lease_until=strand.lease_until or FOREVER,
    )


_shared: dict[tuple[str, ...], dict[str, str]] = {}


def shared(sources: dict[str, str]) -> dict[str, str]:
    """The same object for all strands whose sources do not name alerts, which is most of them."""
    if any(sources.values()):
        return sources
    return _shared.setdefault(tuple(sources), sources)


def _repeated(strand: Strand, alert: Alert) -> Outcome:
    if not strand.firing:
        return Outcome.STALE
    if alert.silenced:
        return Outcome.SILENCED
    return Outcome.QUIETED if alert.quiet_until is not None else Outcome.MERGED
