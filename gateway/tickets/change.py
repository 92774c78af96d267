"""Changes of tickets as values: the new ticket, its history entries and its events, in one piece.

`open_ticket` is the only creator of tickets; edits are in `edit.py`. A ticket's times never go
back: a sighting that is applied late, or a clock behind, changes it no earlier than its last
change.
"""

from datetime import datetime

import msgspec

from gateway.changes.change import Change
from gateway.events.event import Event, EventType
from gateway.tickets.ticket import ACKNOWLEDGED, SYSTEM, Ticket, TicketStatus
from gateway.tickets.writing import entry_of as _entry
from gateway.tickets.writing import moment_of as _moment
from gateway.tickets.writing import next_of as _next

TicketChange = Change[Ticket]


def open_ticket(ticket: Ticket, comment: str = "") -> TicketChange:
    """A new ticket, from an alert, a person or an import alike. *ticket* is as it shall be."""
    at, by = ticket.created_at, ticket.requester
    entry = _entry(ticket, at, by, "status", None, str(ticket.status), comment)
    event = Event(EventType.TICKET_CREATED, at, {"by": by, "comment": comment})
    return Change(ticket, (entry,), (event,))


def apply_transition(
    ticket: Ticket, to: TicketStatus, actor: str, now: datetime, comment: str = ""
) -> TicketChange:
    """A person's step; whether the workflow has it is asked before (`check_transition`)."""
    return _move(ticket, to, actor, now, comment)


def resolve_by_system(ticket: Ticket, now: datetime, comment: str) -> TicketChange:
    """No alert on it fires any more."""
    return _move(ticket, TicketStatus.RESOLVED, SYSTEM, now, comment)


def reopen_by_system(ticket: Ticket, now: datetime, flapped: bool, comment: str) -> TicketChange:
    """Back to the state it left; a flap if an alert on it began a new episode."""
    change = _move(ticket, ticket.status_before, SYSTEM, now, comment)
    reopened = msgspec.structs.replace(change.after, flaps=ticket.flaps + flapped)
    return Change(reopened, change.entries, change.events)


def close_by_system(ticket: Ticket, now: datetime) -> TicketChange:
    """It has been resolved long enough."""
    return _move(ticket, TicketStatus.CLOSED, SYSTEM, now, "resolved long enough")


def join(ticket: Ticket, names: str, now: datetime) -> TicketChange:
    """Alerts join a live ticket. It is not edited by that: its version stays."""
    entry = _entry(ticket, _moment(ticket, now), SYSTEM, "alerts", None, names, "")
    return Change(ticket, (entry,))


def _move(
    ticket: Ticket, to: TicketStatus, actor: str, now: datetime, comment: str
) -> TicketChange:
    at = _moment(ticket, now)
    values: dict[str, object] = {"status": to}
    if ticket.first_response_at is None and actor != SYSTEM:
        values["first_response_at"] = at
    if to in ACKNOWLEDGED and ticket.acknowledged_at is None:
        values["acknowledged_at"] = at
    event: EventType | None = None
    if to is TicketStatus.RESOLVED:
        values |= {"resolved_at": at, "status_before": ticket.status}
        event = EventType.TICKET_RESOLVED
    elif to in (TicketStatus.CLOSED, TicketStatus.CANCELLED):
        values["closed_at"] = at
    elif ticket.status is TicketStatus.RESOLVED:
        values["resolved_at"] = None
        event = EventType.TICKET_REOPENED
    entry = _entry(ticket, at, actor, "status", str(ticket.status), str(to), comment)
    data = {"from": str(ticket.status), "to": str(to), "by": actor, "comment": comment}
    events = () if event is None else (Event(event, at, data),)
    return Change(_next(ticket, at, values), (entry,), events)
