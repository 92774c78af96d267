"""Alerts as people read them: with the sums over their strands, and what their sources say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.access.principal import Principal
from gateway.alerts.severity import Severity
from matchers import Matcher

AlertPosition = tuple[datetime, str]
"""(first_seen, fingerprint in hex) of the last alert shown: lists are newest first."""


@dataclass(frozen=True, slots=True)
class SourceView:
    """What one source says of one strand of the alert."""

    name: str
    fingerprint: str
    url: str
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class StrandView:
    """One source alert: its full labels and how it stands."""

    strand: str
    """Its key, in hex."""
    labels: Mapping[str, str]
    severity: Severity
    firing: bool
    expired: bool
    """Firing as far as its source has said, but its lease ran out."""
    last_seen: datetime
    occurrences: int
    last_outcome: str
    sources: tuple[SourceView, ...]

    @property
    def fires(self) -> bool:
        """It fires, and its lease stands."""
        return self.firing and not self.expired


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One alert. *strands* are newest first; all may have gone to another alert."""

    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    severity: str
    status: str
    silenced: bool
    triage: str
    rule: str
    ticket_id: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    quiet_until: datetime | None
    first_seen: datetime
    episodes: int
    strands: Sequence[StrandView]

    @property
    def last_seen(self) -> datetime:
        """When a sighting of it was received last, as far as its strands say."""
        return self.strands[0].last_seen if self.strands else self.ends_at or self.first_seen

    @property
    def last_outcome(self) -> str:
        """Of its latest sighting."""
        return self.strands[0].last_outcome if self.strands else "resolved"


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What a list of alerts is narrowed to; empty: nothing."""

    status: str | None = None
    ticket: str | None = None
    matchers: tuple[Matcher, ...] = ()
    """Of the alert's own labels, which lack those that are ignored."""
    strand_matchers: tuple[Matcher, ...] = ()
    """Of all labels of a strand that fires: one such strand is enough."""


class AlertReader(Protocol):
    """Reads of alerts in the tenant of *by*; tickets that it does not see are on none of them.
    Raises Unavailable while the ledger is away.
    """

    async def page(
        self, by: Principal, narrowed: AlertFilter, after: AlertPosition | None, limit: int
    ) -> Sequence[AlertView]:
        """At most *limit* alerts after *after*, newest first."""

    async def one(self, by: Principal, fingerprint: bytes) -> AlertView | None:
        """The alert, if this tenant has it."""
