"""Edits of tickets as values: what people set, and what worse alerts raise."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from gateway.alerts.opening import Level, TicketType
from gateway.alerts.severity import Severity
from gateway.changes.change import Change
from gateway.events.event import Event, EventType
from gateway.history.chain import Entry
from gateway.tickets.change import TicketChange
from gateway.tickets.fields import flat_text
from gateway.tickets.priority import DEFAULT_MATRIX, Matrix, priority_in, severity_of_ticket
from gateway.tickets.ticket import SYSTEM, PriorityBy, Ticket
from gateway.tickets.writing import entry_of, moment_of, next_of

_KINDS = {
    "title": str, "description": str, "assignee": str, "assignee_group": str,
    "type": TicketType, "severity": Severity, "impact": Level, "urgency": Level,
}  # fmt: skip
_WEIGHED = frozenset({"severity", "impact", "urgency"})
"""What the matrix makes the priority of."""
_MAPS = {"labels": "label", "custom": "custom"}
"""Fields that hold many, and what each of them is called in the history."""


def edit_ticket(
    ticket: Ticket,
    fields: Mapping[str, Any],
    actor: str,
    now: datetime,
    matrix: Matrix = DEFAULT_MATRIX,
) -> TicketChange | None:
    """A person sets *fields*; None if nothing differs.

    `priority` pins it, with None the matrix has it again. `labels` and `custom` say what is to
    become of single names: None removes one. Raises ValueError for a word that is none.
    """
    plain = _plain(ticket, fields)
    values = plain | _weighed(ticket, fields, plain, matrix)
    at, entries = moment_of(ticket, now), list[Entry]()
    for name in sorted(_shown(ticket, values)):
        new = str(values[name])
        entries.append(entry_of(ticket, at, actor, name, told(ticket, name), new))
    for name in _MAPS.keys() & fields.keys():
        merged, changed = _merged(getattr(ticket, name), fields[name])
        values |= {name: merged} if changed else {}
        for key, old, new_text in changed:
            entry = entry_of(ticket, at, actor, f"{_MAPS[name]}.{key}", old, new_text)
            entries.append(entry)
    if not entries:
        return None
    if ticket.first_response_at is None:
        values["first_response_at"] = at
    after = next_of(ticket, at, values)
    in_order = tuple(sorted(entries, key=lambda entry: entry.field))
    return Change(after, in_order, _events_of_edit(ticket, after, actor, at))


def worsen(
    ticket: Ticket, severity: Severity, priority: Severity, now: datetime, comment: str
) -> TicketChange:
    """By the system: an alert is worse than all before it. *priority* is never a lower one.

    *comment* stands once, with the last of what changes.
    """
    at, values = moment_of(ticket, now), dict[str, object](severity=severity)
    if priority is not ticket.priority:
        values |= {"priority": priority, "priority_by": PriorityBy.MATRIX}
    after = next_of(ticket, at, values)
    old = told(ticket, "severity")
    if priority is ticket.priority:
        entry = entry_of(ticket, at, SYSTEM, "severity", old, str(severity), comment)
        return Change(after, (entry,))
    entries = (
        entry_of(ticket, at, SYSTEM, "severity", old, str(severity)),
        entry_of(ticket, at, SYSTEM, "priority", str(ticket.priority), str(priority), comment),
    )
    return Change(after, entries, (priority_changed(ticket, after, SYSTEM, at, comment),))


def told(ticket: Ticket, name: str) -> str:
    """A field as it is shown and told: impact and urgency are medium where nobody says otherwise,
    and a severity that was never kept is the priority.
    """
    if name == "severity":
        return str(severity_of_ticket(ticket))
    value = getattr(ticket, name)
    return str(Level.MEDIUM if value is None and name in _WEIGHED else value)


def _plain(ticket: Ticket, fields: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: kind(fields[name]) for name, kind in _KINDS.items() if name in fields}
    return {name: value for name, value in given.items() if told(ticket, name) != str(value)}


def _weighed(
    ticket: Ticket, fields: Mapping[str, Any], plain: Mapping[str, Any], matrix: Matrix
) -> dict[str, Any]:
    """Priority, and who set it: a person does, or the matrix where no person has."""
    weighs = bool(_WEIGHED & plain.keys())
    if fields.get("priority") is not None:
        priority = Severity(fields["priority"])
        pins = weighs or priority is not ticket.priority
        return {"priority": priority, "priority_by": PriorityBy.PERSON} if pins else {}
    if "priority" not in fields and (not weighs or ticket.priority_by is PriorityBy.PERSON):
        return {}
    severity = plain.get("severity", severity_of_ticket(ticket))
    impact = plain.get("impact", ticket.impact)
    urgency = plain.get("urgency", ticket.urgency)
    priority = priority_in(matrix, severity, impact, urgency)
    return {"priority": priority, "priority_by": PriorityBy.MATRIX, "severity": severity}


def _shown(ticket: Ticket, values: Mapping[str, Any]) -> set[str]:
    """Fields that the history tells of. Who set the priority is told where it is still the same."""
    changed = {name for name in values if told(ticket, name) != str(values[name])}
    return changed - {"priority_by"} if "priority" in changed else changed


def _merged(
    before: bytes, given: Mapping[str, Any]
) -> tuple[bytes, list[tuple[str, str | None, str | None]]]:
    """The map with *given* put into it, and what changed: name, old and new text."""
    old = orjson.loads(before)
    new = {name: value for name, value in (old | given).items() if value is not None}
    changed = [
        (name, _text_of(old, name), _text_of(new, name))
        for name in sorted(given)
        if old.get(name) != new.get(name)
    ]
    return orjson.dumps(new), changed


def _text_of(values: Mapping[str, Any], name: str) -> str | None:
    return flat_text(values[name]) if name in values else None


def _events_of_edit(before: Ticket, after: Ticket, actor: str, at: datetime) -> tuple[Event, ...]:
    events = []
    if (before.assignee, before.assignee_group) != (after.assignee, after.assignee_group):
        data = {
            "from": before.assignee,
            "to": after.assignee,
            "group": after.assignee_group,
            "by": actor,
        }
        events.append(Event(EventType.TICKET_ASSIGNED, at, data))
    if before.priority is not after.priority:
        events.append(priority_changed(before, after, actor, at, ""))
    return tuple(events)


def priority_changed(before: Ticket, after: Ticket, actor: str, at: datetime, reason: str) -> Event:
    """What the outside is told of it."""
    data = {
        "from": str(before.priority),
        "to": str(after.priority),
        "by": actor,
        "reason": reason,
    }
    return Event(EventType.TICKET_PRIORITY_CHANGED, at, data)
