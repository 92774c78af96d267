"""An alert: what is left of its strands once ignored labels are dropped."""

from datetime import datetime
from enum import StrEnum

import msgspec

from gateway.alerts.severity import Severity


class AlertStatus(StrEnum):
    """Firing iff one of its strands fires; expired if a lease ran out and nothing said it ended."""

    FIRING = "firing"
    RESOLVED = "resolved"
    EXPIRED = "expired"


class Alert(msgspec.Struct, gc=False):
    """As stored. Counts and times of sightings are sums over its strands, not kept here."""

    fingerprint: bytes
    labels: bytes
    annotations: bytes
    severity: Severity
    rule: str
    merge_key: bytes
    first_seen: datetime
    status: AlertStatus = AlertStatus.RESOLVED
    silenced: bool = False
    unconfirmed: bool = False
    """Expired while its source itself is silent."""
    ticket_id: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    """As its strands say it, in whatever order; shown and kept of its episodes is `shown_end`."""
    quiet_until: datetime | None = None
    """The running episode makes no ticket before this; FOREVER: until it ends."""
    episodes: int = 0
    episode_ticket_id: str | None = None
    """The last ticket that the last episode was on. Of the episode's row, not of the alert's."""
    version: int = 0

    @property
    def fires(self) -> bool:
        """Firing, and its lease stands."""
        return self.status is AlertStatus.FIRING

    def quiet(self, now: datetime) -> bool:
        """A person has ended the ticket of this episode, and that still holds at *now*."""
        return self.quiet_until is not None and now < self.quiet_until


def shown_end(starts_at: datetime | None, ends_at: datetime | None) -> datetime | None:
    """Not before the start, which a sender whose clock is fast may name ahead of its end."""
    if starts_at is None or ends_at is None:
        return ends_at
    return max(starts_at, ends_at)
