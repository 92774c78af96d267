"""Changes of tickets as values: the new ticket, its history entries and its events, in one piece.

`open_ticket` is the only creator of tickets; edits are in `edit.py`. A ticket's times never go
back: a sighting that is applied late, or a clock behind, changes it no earlier than its last
change.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from gateway.changes.change import Change
from gateway.events.event import Event, EventType
from gateway.history.chain import Entry
from gateway.tickets.ticket import ACKNOWLEDGED, ENDED, SYSTEM, Ticket, TicketStatus
from gateway.tickets.writing import entry_of as _entry
from gateway.tickets.writing import moment_of as _moment
from gateway.tickets.writing import next_of as _next

TicketChange = Change[Ticket]
DUPLICATE = "duplicate"
"""The resolution of what ended with its original."""


def open_ticket(ticket: Ticket, comment: str = "") -> TicketChange:
    """A new ticket, from an alert, a person or an import alike. *ticket* is as it shall be."""
    at, by = ticket.created_at, ticket.requester
    entry = _entry(ticket, at, by, "status", None, str(ticket.status), comment)
    event = Event(EventType.TICKET_CREATED, at, {"by": by, "comment": comment})
    return Change(ticket, (entry,), (event,))


class StepTo(msgspec.Struct, frozen=True, kw_only=True):
    """Where a ticket goes, and what is said of it. *state* None: named like the status."""

    status: TicketStatus
    state: str | None = None
    comment: str = ""
    resolution: str = ""
    resolution_note: str = ""
    close_after: timedelta | None = None
    """From its resolution; None: it is never closed by the system."""
    workflow_version: int | None = None
    """Under which it moves; None: as it last did."""


def apply_step(ticket: Ticket, step: StepTo, actor: str, now: datetime) -> TicketChange:
    """A person's step; whether the workflow has it is judged before."""
    return _move(ticket, step, actor, now)


def resolve_by_system(
    ticket: Ticket, now: datetime, comment: str, close_after: timedelta | None = None
) -> TicketChange:
    """No alert on it fires any more."""
    step = StepTo(status=TicketStatus.RESOLVED, comment=comment, close_after=close_after)
    return _move(ticket, step, SYSTEM, now)


def reopen_by_system(
    ticket: Ticket, now: datetime, flapped: bool, comment: str, back: StepTo | None = None
) -> TicketChange:
    """Where it goes *back* to, by default to what it left; a flap if an alert on it began a new
    episode.
    """
    place = back or StepTo(status=ticket.status_before, state=ticket.state_before)
    change = _move(ticket, msgspec.structs.replace(place, comment=comment), SYSTEM, now)
    reopened = msgspec.structs.replace(change.after, flaps=ticket.flaps + flapped)
    return Change(reopened, change.entries, change.events)


def close_by_system(ticket: Ticket, now: datetime) -> TicketChange:
    """It has been resolved long enough."""
    step = StepTo(status=TicketStatus.CLOSED, comment="resolved long enough")
    return _move(ticket, step, SYSTEM, now)


def as_one(first: TicketChange | None, second: TicketChange) -> TicketChange:
    """Both as one change of one version; *second* was made of what *first* left."""
    if first is None:
        return second
    after = msgspec.structs.replace(second.after, version=first.after.version)
    return Change(after, first.entries + second.entries, first.events + second.events)


def end_duplicate_by_system(ticket: Ticket, to: TicketStatus, now: datetime) -> TicketChange:
    """Its original has ended, as *to*."""
    comment = f"its original {ticket.duplicate_of} has ended"
    return _move(ticket, StepTo(status=to, comment=comment, resolution=DUPLICATE), SYSTEM, now)


def join(ticket: Ticket, names: str, now: datetime) -> TicketChange:
    """Alerts join a live ticket. It is not edited by that: its version stays."""
    entry = _entry(ticket, _moment(ticket, now), SYSTEM, "alerts", None, names, "")
    return Change(ticket, (entry,))


def _move(ticket: Ticket, step: StepTo, actor: str, now: datetime) -> TicketChange:
    at = _moment(ticket, now)
    after = _next(ticket, at, _values_of_move(ticket, step, actor, at))
    entries = tuple(_entries_of_move(ticket, after, actor, at, step.comment))
    return Change(after, entries, _events_of_move(ticket, after, actor, at, step.comment))


def _values_of_move(ticket: Ticket, step: StepTo, actor: str, at: datetime) -> dict[str, object]:
    values: dict[str, object] = {"status": step.status, "state": step.state}
    if step.workflow_version is not None:
        values["workflow_version"] = step.workflow_version
    if ticket.first_response_at is None and actor != SYSTEM:
        values["first_response_at"] = at
    if step.status in ACKNOWLEDGED and ticket.acknowledged_at is None:
        values["acknowledged_at"] = at
    if step.status is not ticket.status:
        values |= _of_resolution(ticket, step, actor, at)
    return values


def _of_resolution(ticket: Ticket, step: StepTo, actor: str, at: datetime) -> dict[str, object]:
    """What another status says of how, when and by whom the ticket was resolved and ended."""
    if step.status is TicketStatus.RESOLVED:
        return {
            "resolved_at": at,
            "resolved_by": actor,
            "resolution": step.resolution,
            "resolution_note": step.resolution_note,
            "status_before": ticket.status,
            "state_before": ticket.state,
            "close_at": None if step.close_after is None else at + step.close_after,
        }
    if step.status in ENDED:
        said = {
            name: value
            for name in ("resolution", "resolution_note")
            if (value := getattr(step, name))
        }
        return {"closed_at": at, "close_at": None, **said}
    if ticket.status is TicketStatus.RESOLVED:
        cleared = dict.fromkeys(("resolved_by", "resolution", "resolution_note"), "")
        return {"resolved_at": None, "close_at": None, **cleared}
    return {}


def _entries_of_move(
    before: Ticket, after: Ticket, actor: str, at: datetime, comment: str
) -> Iterator[Entry]:
    """Within one status `state`; across statuses `status` and, where they differ, `state`."""
    places = before.place, after.place
    if before.status is not after.status:
        yield _entry(before, at, actor, "status", str(before.status), str(after.status), comment)
        comment = ""
    if before.status is after.status or places != (before.status, after.status):
        yield _entry(before, at, actor, "state", *places, comment)
    for name in ("resolution", "resolution_note"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield _entry(before, at, actor, name, old, new)


def _events_of_move(
    before: Ticket, after: Ticket, actor: str, at: datetime, comment: str
) -> tuple[Event, ...]:
    said = {"from": str(before.status), "to": str(after.status), "by": actor, "comment": comment}
    states = {"state_from": before.place, "state_to": after.place}
    changed = Event(EventType.TICKET_STATUS_CHANGED, at, {**said, **states})
    if before.status is after.status:
        return (changed,)
    if after.status is TicketStatus.RESOLVED:
        return (Event(EventType.TICKET_RESOLVED, at, said), changed)
    if after.status is TicketStatus.CLOSED:
        return (Event(EventType.TICKET_CLOSED, at, said), changed)
    if before.status is TicketStatus.RESOLVED and after.live:
        return (Event(EventType.TICKET_REOPENED, at, said), changed)
    return (changed,)
