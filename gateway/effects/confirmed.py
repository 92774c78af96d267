"""What the ledger has confirmed of a strand: a sighting that would not change it is a mere repeat.

A repeat is only counted, against the strand's version: if anything has changed elsewhere since,
the ledger refuses the credit and the batch is worked out again. So a wrong or old memory can cost
time, and never hides news.
"""

from datetime import datetime

from gateway.alerts.alert import Alert, AlertStatus
from gateway.alerts.identity import Identity
from gateway.alerts.memory import Confirmed
from gateway.alerts.outcome import Outcome
from gateway.alerts.sighting import Sighting
from gateway.moments import FOREVER
from gateway.windows.strand import Strand


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
