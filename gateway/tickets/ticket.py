"""A ticket: what a person has to look at. Values only; every change of one is a `Change`."""

from datetime import datetime
from enum import StrEnum

import msgspec

from gateway.alerts.severity import Severity


class TicketStatus(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


LIVE = frozenset({TicketStatus.OPEN, TicketStatus.IN_PROGRESS, TicketStatus.PENDING})
ACKNOWLEDGED = frozenset({TicketStatus.IN_PROGRESS, TicketStatus.PENDING})
"""In these the ticket's alerts are acknowledged."""
ENDED = frozenset({TicketStatus.CLOSED, TicketStatus.CANCELLED})

SYSTEM = "system"
"""The actor of what no person did."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """As stored. *number* is 0 until the ticket is saved for the first time."""

    id: str
    number: int = 0
    title: str
    description: str = ""
    status: TicketStatus = TicketStatus.OPEN
    status_before: TicketStatus = TicketStatus.OPEN
    """What a reopening by the system returns to."""
    priority: Severity
    workflow: str = "default"
    rule: str = ""
    labels: bytes = b"{}"
    merge_key: bytes | None = None
    """None: opened by a person, with no alert behind it."""
    follows: str | None = None
    requester: str
    assignee: str = ""
    assignee_group: str = ""
    episodes: int = 0
    flaps: int = 0
    firing: int = 0
    silenced: int = 0
    unconfirmed: int = 0
    created_at: datetime
    updated_at: datetime
    acknowledged_at: datetime | None = None
    first_response_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    version: int = 1
    history_length: int = 0
    history_head: bytes = b""

    @property
    def live(self) -> bool:
        """Open, in progress or pending."""
        return self.status in LIVE
