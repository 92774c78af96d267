"""The condition of an alert: what others must hear of when it changes."""

from datetime import datetime

import msgspec

from gateway.alerts.alert import Alert, AlertStatus
from gateway.alerts.severity import Severity


class Condition(msgspec.Struct, frozen=True, gc=False):
    """How an alert stood at one moment, as far as others must hear of it when that changes."""

    status: AlertStatus
    silenced: bool
    unconfirmed: bool
    severity: Severity
    quiet_until: datetime | None
    ticket_id: str | None
    merge_key: bytes
    episodes: int
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def fires(self) -> bool:
        """Firing, and its lease stands."""
        return self.status is AlertStatus.FIRING

    @property
    def over(self) -> bool:
        """Nothing of it fires: what fires next begins an episode."""
        return self.status is AlertStatus.RESOLVED

    @property
    def might_fire(self) -> bool:
        """It fires, or did when its source was heard last."""
        return self.fires or self.unconfirmed

    @property
    def loudness(self) -> int:
        """How severe people hear that it is, 1 to 4; 0 while it is over, silenced or quiet."""
        is_unheard = self.over or self.silenced or self.quiet_until is not None
        return 0 if is_unheard else self.severity.rank


def condition_of(alert: Alert) -> Condition:
    """As it stands now."""
    return Condition(
        status=alert.status,
        silenced=alert.silenced,
        unconfirmed=alert.unconfirmed,
        severity=alert.severity,
        quiet_until=alert.quiet_until,
        ticket_id=alert.ticket_id,
        merge_key=alert.merge_key,
        episodes=alert.episodes,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
    )
