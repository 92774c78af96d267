"""Changes of tickets as values: the new ticket, its history entries and its events, in one piece.

`open_ticket` is the only creator of tickets. Nothing else makes a Change, so nothing can forget
its history entry.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from gateway.alerts.severity import Severity
from gateway.history.chain import Entry
from gateway.tickets.ticket import ACKNOWLEDGED, SYSTEM, Ticket, TicketStatus


class Event(StrEnum):
    """What the outside is told of."""

    CREATED = "ticket.created"
    REOPENED = "ticket.reopened"
    RESOLVED = "ticket.resolved"


@dataclass(frozen=True, slots=True)
class Change:
    """To be saved whole, in one transaction."""

    ticket: Ticket
    entries: tuple[Entry, ...]
    events: tuple[Event, ...] = ()


def open_ticket(ticket: Ticket, comment: str = "") -> Change:
    """A new ticket, from an alert, a person or an import alike. *ticket* is as it shall be."""
    entries = (_entry(ticket, ticket.created_at, ticket.requester, "status", None, comment),)
    return Change(ticket, entries, (Event.CREATED,))


def apply_transition(
    ticket: Ticket, to: TicketStatus, actor: str, now: datetime, comment: str = ""
) -> Change:
    """A person's step; whether the workflow has it is asked before (`check_transition`)."""
    return _move(ticket, to, actor, now, comment)


def resolve_by_system(ticket: Ticket, now: datetime, comment: str) -> Change:
    """No alert on it fires any more."""
    return _move(ticket, TicketStatus.RESOLVED, SYSTEM, now, comment)


def reopen_by_system(ticket: Ticket, now: datetime, flapped: bool, comment: str) -> Change:
    """Back to the state it left; a flap if an alert on it began a new episode."""
    change = _move(ticket, ticket.status_before, SYSTEM, now, comment)
    reopened = msgspec.structs.replace(change.ticket, flaps=ticket.flaps + flapped)
    return Change(reopened, change.entries, change.events)


def close_by_system(ticket: Ticket, now: datetime) -> Change:
    """It has been resolved long enough."""
    return _move(ticket, TicketStatus.CLOSED, SYSTEM, now, "resolved long enough")


def edit_ticket(ticket: Ticket, fields: dict[str, str], actor: str, now: datetime) -> Change | None:
    """Title, description, priority, assignee or assignee_group; None if nothing differs."""
    changed = {name: value for name, value in fields.items() if str(getattr(ticket, name)) != value}
    if not changed:
        return None
    values: dict[str, object] = dict(changed)
    if "priority" in changed:
        values["priority"] = Severity(changed["priority"])
    if ticket.first_response_at is None:
        values["first_response_at"] = now
    after = msgspec.structs.replace(ticket, **values, updated_at=now, version=ticket.version + 1)
    entries = tuple(
        Entry("ticket", ticket.id, now, actor, name, str(getattr(ticket, name)), value)
        for name, value in sorted(changed.items())
    )
    return Change(after, entries)


def escalate(ticket: Ticket, priority: Severity, now: datetime, comment: str) -> Change:
    """Raised by the system to the worst of its firing alerts; never lowered by it."""
    after = msgspec.structs.replace(
        ticket, priority=priority, updated_at=now, version=ticket.version + 1
    )
    entry = Entry(
        "ticket", ticket.id, now, SYSTEM, "priority", str(ticket.priority), str(priority), comment
    )
    return Change(after, (entry,))


def join(ticket: Ticket, fingerprint: str, now: datetime) -> Change:
    """An alert joins a live ticket."""
    after = msgspec.structs.replace(ticket, updated_at=now, version=ticket.version + 1)
    entry = Entry("ticket", ticket.id, now, SYSTEM, "alerts", None, fingerprint)
    return Change(after, (entry,))


def _move(ticket: Ticket, to: TicketStatus, actor: str, now: datetime, comment: str) -> Change:
    values: dict[str, object] = {"status": to, "updated_at": now, "version": ticket.version + 1}
    if ticket.first_response_at is None and actor != SYSTEM:
        values["first_response_at"] = now
    if to in ACKNOWLEDGED and ticket.acknowledged_at is None:
        values["acknowledged_at"] = now
    events: tuple[Event, ...] = ()
    if to is TicketStatus.RESOLVED:
        values |= {"resolved_at": now, "status_before": ticket.status}
        events = (Event.RESOLVED,)
    elif to in (TicketStatus.CLOSED, TicketStatus.CANCELLED):
        values["closed_at"] = now
    elif ticket.status is TicketStatus.RESOLVED:
        values["resolved_at"] = None
        events = (Event.REOPENED,)
    after = msgspec.structs.replace(ticket, **values)
    return Change(after, (_entry(after, now, actor, "status", ticket.status, comment),), events)


def _entry(
    ticket: Ticket, at: datetime, actor: str, field: str, old: TicketStatus | None, comment: str
) -> Entry:
    before = None if old is None else str(old)
    return Entry("ticket", ticket.id, at, actor, field, before, str(ticket.status), comment)
