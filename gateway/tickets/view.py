"""What people read of tickets, as `web` sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.access.principal import Principal
from gateway.access.withheld import NOTHING, Withheld
from gateway.alerts.view import AlertView
from gateway.history.chain import Chained
from gateway.tickets.ticket import Ticket, TicketStatus
from matchers import Matcher

JoinedPosition = tuple[datetime, str]
"""(joined_at, fingerprint in hex) of the last alert shown: who joined last comes first."""


@dataclass(frozen=True, slots=True)
class JoinedAlert:
    """An alert that is or was on a ticket."""

    joined_at: datetime
    """When it was put on it for the first time."""
    alert: AlertView


@dataclass(frozen=True, slots=True)
class LinkedTicket:
    """A ticket at the other end of a link."""

    kind: str
    is_from: bool
    """The other one is the link's `from`."""
    id: str
    number: int
    title: str
    status: TicketStatus


@dataclass(frozen=True, slots=True)
class Linked:
    """What a ticket is linked to."""

    links: Sequence[LinkedTicket] = ()
    """The first of them: see `LinkReader.links`."""
    parent: str | None = None
    children: int = 0
    live_children: int = 0


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket with its counts and its window; in detail also its newest alerts and entries."""

    ticket: Ticket
    alerts_count: int
    """Alerts that are or were on it."""
    occurrences: int
    opened_at: datetime | None = None
    """Of its window; None: the window belongs to a later ticket, or there is none."""
    ends_at: datetime | None = None
    alerts: Sequence[JoinedAlert] = ()
    history: Sequence[Chained] = ()
    moved_by: str = ""
    """In detail: who took the step into its present state."""
    newer_live: str = ""
    """In detail: the ticket that is live for the same problem, if that is another one."""
    linked: Linked = Linked()
    withheld: Withheld = NOTHING
    people: Mapping[str, str] = field(default_factory=dict)
    """In detail: handles by id, of users whom it names; of those alone who are still there."""


@dataclass(frozen=True, slots=True)
class FoundHistory:
    """Entries of one ticket's history."""

    entries: Sequence[Chained]
    withheld: Withheld = NOTHING


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What a list of tickets is narrowed to; empty or None: everything, several values: any."""

    status: Sequence[str] = ()
    state: Sequence[str] = ()
    """As its workflow names it; where that has no name of its own, the status."""
    type: Sequence[str] = ()
    project: Sequence[str] = ()
    priority: Sequence[str] = ()
    assignee: Sequence[str] = ()
    group: Sequence[str] = ()
    requester: Sequence[str] = ()
    rule: Sequence[str] = ()
    source: Sequence[str] = ()
    references: Sequence[tuple[str, str]] = ()
    """Kind and name of what it refers to."""
    major: bool | None = None
    silenced: bool | None = None
    """All of its alerts that fire are silenced, and there are some."""
    matchers: Sequence[Matcher] = ()
    text: str | None = None
    """Searched as typed; or an id, number or key."""


@dataclass(frozen=True, slots=True)
class FoundTickets:
    """Of one page. *walked_to*: the id at which it stops short, though more may come."""

    tickets: Sequence[TicketView]
    walked_to: str | None = None


class CountedBy(StrEnum):
    """A field by which live tickets are counted."""

    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    PROJECT = "project"
    TYPE = "type"


class TicketCounter(Protocol):
    """Counts live tickets that *by* sees. Raises Unavailable while the ledger is away."""

    async def live(self, by: Principal, field: CountedBy) -> dict[str, int]:
        """By the values of *field*, as they were at most five seconds ago."""


class TicketReader(Protocol):
    """Reads of tickets that *by* sees: others are not there. Raises Unavailable while the ledger is
    away.
    """

    async def page(
        self, by: Principal, narrowed: TicketFilter, after: str | None, limit: int
    ) -> FoundTickets:
        """At most *limit* tickets older than the one with id *after*, newest first."""

    async def one(self, by: Principal, ticket_id: str, limit: int) -> TicketView | None:
        """The ticket with at most *limit* of its newest alerts and of its latest entries."""

    async def alerts(
        self, by: Principal, ticket_id: str, after: JoinedPosition | None, limit: int
    ) -> Sequence[JoinedAlert]:
        """At most *limit* of its alerts after *after*, who joined last first; raises NotFound."""

    async def history(
        self, by: Principal, ticket_id: str, before: int | None, limit: int
    ) -> FoundHistory:
        """At most *limit* entries below the sequence *before*, latest first; raises NotFound."""
