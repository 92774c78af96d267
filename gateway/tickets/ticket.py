"""A ticket: what a person has to look at. Values only; every change of one is a `Change`."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import msgspec
import orjson

from gateway.alerts.opening import Level as Level
from gateway.alerts.opening import TicketType as TicketType
from gateway.alerts.severity import Severity
from gateway.events.event import shown_time
from gateway.history.chain import Head
from gateway.history.kind import Kind


class TicketStatus(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @classmethod
    def _missing_(cls, value: object) -> "TicketStatus | None":
        """People write `OPEN` too."""
        return cls.__members__.get(str(value))


class PriorityBy(StrEnum):
    """Who set the priority: a person outweighs a rule, a rule the matrix."""

    MATRIX = "matrix"
    RULE = "rule"
    PERSON = "person"


LIVE = frozenset({TicketStatus.OPEN, TicketStatus.IN_PROGRESS, TicketStatus.PENDING})
ACKNOWLEDGED = frozenset({TicketStatus.IN_PROGRESS, TicketStatus.PENDING})
"""In these the ticket's alerts are acknowledged."""
ENDED = frozenset({TicketStatus.CLOSED, TicketStatus.CANCELLED})

SYSTEM = "system"
"""The actor of what no person did."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """As stored. *number* is 0 until the ticket is saved for the first time."""

    kind: ClassVar[Kind] = Kind.TICKET

    id: str
    number: int = 0
    type: TicketType = TicketType.INCIDENT
    title: str
    description: str = ""
    status: TicketStatus = TicketStatus.OPEN
    status_before: TicketStatus = TicketStatus.OPEN
    """What a reopening by the system returns to."""
    state: str | None = None
    """The workflow's own name of its place; None: named like the status."""
    state_before: str | None = None
    priority: Severity
    priority_by: PriorityBy = PriorityBy.MATRIX
    severity: Severity | None = None
    """The worst of its alerts so far, or what a person says; None: opened by an earlier release."""
    impact: Level | None = None
    urgency: Level | None = None
    major: bool = False
    workflow: str = "default"
    workflow_version: int = 1
    """Under which it last moved."""
    workflow_before: str = ""
    """What standing down returns to."""
    project: str = ""
    catalog_item: str = ""
    rule: str = ""
    labels: bytes = b"{}"
    custom: bytes = b"{}"
    merge_key: bytes | None = None
    """None: opened by a person, with no alert behind it."""
    follows: str | None = None
    duplicate_of: str | None = None
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
    resolution: str = ""
    resolution_note: str = ""
    resolved_by: str = ""
    close_at: datetime | None = None
    version: int = 1
    history_length: int = 0
    history_head: bytes = b""

    @property
    def live(self) -> bool:
        """Open, in progress or pending."""
        return self.status in LIVE

    @property
    def place(self) -> str:
        """The name of its state."""
        return self.state or str(self.status)

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    @property
    def head(self) -> Head:
        """The end of its history."""
        return Head(self.history_length, self.history_head)

    def told(self) -> Mapping[str, object]:
        """What every event says of it: as it is now."""
        return {
            "ticket": {
                "id": self.id,
                "number": self.number,
                "title": self.title,
                "status": str(self.status),
                "priority": str(self.priority),
                "rule": self.rule,
                "labels": orjson.loads(self.labels),
                "assignee": self.assignee,
                "follows": self.follows,
                "created_at": shown_time(self.created_at),
                "updated_at": shown_time(self.updated_at),
                "version": self.version,
            }
        }
