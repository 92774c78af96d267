"""Major incidents: what being declared one changes of a ticket, and standing down."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from gateway.alerts.severity import Severity
from gateway.changes.change import Change
from gateway.events.event import Event, EventType
from gateway.tickets.change import TicketChange
from gateway.tickets.edit import priority_changed
from gateway.tickets.ticket import PriorityBy, Ticket
from gateway.tickets.writing import entry_of, moment_of, next_of


class WorkflowChange(msgspec.Struct, frozen=True, kw_only=True):
    """Another workflow, and where in it the ticket is."""

    workflow: str
    version: int
    state: str | None
    """Of the ticket's own status; None: named like it."""


def declare_major(
    ticket: Ticket, to: WorkflowChange, actor: str, now: datetime, comment: str
) -> TicketChange:
    """Major: critical, and in the workflow for that; what it leaves is remembered."""
    values: dict[str, object] = {
        "major": True,
        "priority": Severity.CRITICAL,
        "priority_by": PriorityBy.PERSON,
        "workflow_before": ticket.workflow,
    }
    return _major_change(ticket, to, values, (actor, now, comment))


def stand_down(
    ticket: Ticket, to: WorkflowChange, actor: str, now: datetime, comment: str
) -> TicketChange:
    """Major no more; the priority stays as it is."""
    values: dict[str, object] = {"major": False, "workflow_before": ""}
    return _major_change(ticket, to, values, (actor, now, comment))


def change_workflow(ticket: Ticket, to: WorkflowChange, actor: str, now: datetime) -> TicketChange:
    """As its type has changed."""
    return _into_workflow(ticket, to, {}, actor, now)


def _major_change(
    ticket: Ticket,
    to: WorkflowChange,
    values: Mapping[str, object],
    by: tuple[str, datetime, str],
) -> TicketChange:
    """*by*: who, when and why."""
    actor, now, comment = by
    change = _into_workflow(ticket, to, values, actor, now, comment)
    after, at = change.after, change.after.updated_at
    kind = EventType.TICKET_MAJOR_DECLARED if after.major else EventType.TICKET_MAJOR_STOOD_DOWN
    events = [Event(kind, at, {"by": actor, "comment": comment})]
    if ticket.priority is not after.priority:
        events.append(priority_changed(ticket, after, actor, at, comment))
    return Change(after, change.entries, tuple(events))


def _into_workflow(
    ticket: Ticket,
    to: WorkflowChange,
    values: Mapping[str, object],
    actor: str,
    now: datetime,
    comment: str = "",
) -> TicketChange:
    at = moment_of(ticket, now)
    there = {"workflow": to.workflow, "workflow_version": to.version, "state": to.state}
    after = next_of(ticket, at, {**values, **there})
    pairs = [
        (name, _text(getattr(ticket, name)), _text(getattr(after, name)))
        for name in ("major", "priority", "workflow")
    ]
    pairs.append(("state", ticket.place, after.place))
    changed = [(name, old, new) for name, old, new in pairs if old != new]
    entries = tuple(
        entry_of(ticket, at, actor, *pair, "" if number else comment)
        for number, pair in enumerate(changed)
    )
    return Change(after, entries)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
