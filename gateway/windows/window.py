"""A window: the time in which alerts of one merge key belong to one ticket.

It opens with the first unsilenced firing, does not end while an alert in it fires, and ends its
length after the last resolve.
"""

from datetime import datetime, timedelta

import msgspec

from gateway.alerts.rule import AutoResolve


class Window(msgspec.Struct, gc=False):
    """As stored. Rule, length and auto_resolve are those of the episode that began last in it."""

    merge_key: bytes
    rule: str
    length: timedelta
    auto_resolve: AutoResolve
    opened_at: datetime | None = None
    ends_at: datetime | None = None
    firing: int = 0
    """Alerts in it that fire, silenced ones too."""
    ticket_id: str | None = None
    """The last ticket of this merge key."""

    def is_open(self, now: datetime) -> bool:
        """Opened, and not ended by *now*."""
        return self.opened_at is not None and (self.ends_at is None or now < self.ends_at)

    def open(self, now: datetime) -> None:
        """First unsilenced firing: opens it if it had ended; while an alert fires it has no end."""
        if not self.is_open(now):
            self.opened_at = now
        self.ends_at = None

    def count_firing(self, change: int, now: datetime) -> None:
        """An alert in it began (+1) or ceased (-1) to fire."""
        self.firing = max(0, self.firing + change)
        if self.opened_at is None:
            return
        if self.firing == 0 and change < 0 and self.ends_at is None:
            self.ends_at = now + self.length
        elif self.firing > 0 and self.is_open(now):
            self.ends_at = None
