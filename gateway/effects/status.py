"""What the strands of an alert say together: does it fire, is it over, or has nobody said so?"""

from gateway.alerts.alert import Alert, AlertStatus
from gateway.alerts.severity import Severity
from gateway.moments import later
from gateway.windows.strand import Strand


def set_status(alert: Alert, strands: list[Strand]) -> None:
    """Status, severity and end of *alert* as its strands say them together."""
    firing = [strand for strand in strands if strand.fires]
    if firing:
        alert.status = AlertStatus.FIRING
        alert.silenced = all(strand.silenced for strand in firing)
        alert.unconfirmed = False
        alert.severity = max((strand.severity for strand in firing), key=_rank)
        alert.ends_at = None
    elif unanswered(strands):
        alert.status = AlertStatus.EXPIRED
    else:
        alert.status = AlertStatus.RESOLVED
        alert.unconfirmed = False
        for strand in strands:
            alert.ends_at = later(alert.ends_at, strand.resolved_at)


def unanswered(strands: list[Strand]) -> list[Strand]:
    """Those whose lease ran out, and no other strand has said since that the alert is over.

    A replica that is gone for good must not keep every later episode from ending.
    """
    lost = [one for one in strands if one.firing and one.expired]
    if not lost:
        return []
    ends = [one.last_resolve_at for one in strands if one not in lost and one.last_resolve_at]
    last_end = max(ends, default=None)
    return [
        one
        for one in lost
        if last_end is None or one.last_firing_at is None or one.last_firing_at > last_end
    ]


def _rank(severity: Severity) -> int:
    return severity.rank
