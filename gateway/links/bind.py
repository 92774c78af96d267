"""References and watchers as changes of their ticket: its history knows of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.changes.change import Change
from gateway.links.reference import Reference, ReferenceKind, Watcher, one_line
from gateway.tickets.ticket import Ticket
from gateway.tickets.writing import entry_of


def refer(
    ticket: Ticket,
    old: Sequence[Reference],
    new: Sequence[Reference],
    actor: str,
    now: datetime,
) -> Change[Ticket]:
    """References come or go."""
    at = max(now, ticket.created_at)
    gone = [entry_of(ticket, at, actor, "reference", _name(one), None) for one in old]
    come = [entry_of(ticket, at, actor, "reference", None, _name(one)) for one in new]
    return Change(ticket, (*gone, *come))


def assets_of(ticket: Ticket, names: Sequence[str], labels: Mapping[str, str]) -> list[Reference]:
    """What an alert's *labels* of these *names* say that a new ticket is about; each once."""
    values = dict.fromkeys(one_line(labels.get(name, "")) for name in names)
    kind = ReferenceKind.ASSET
    return [Reference(ticket_id=ticket.id, kind=kind, reference=value) for value in values if value]


def watch(ticket: Ticket, watcher: Watcher, actor: str, now: datetime) -> Change[Ticket]:
    """Somebody hears of the ticket from now on."""
    entry = entry_of(ticket, now, actor, "watcher", None, watcher.user_id)
    return Change(ticket, (entry,))


def unwatch(ticket: Ticket, watcher: Watcher, actor: str, now: datetime) -> Change[Ticket]:
    """Somebody hears of it no longer, unless for another reason."""
    entry = entry_of(ticket, now, actor, "watcher", watcher.user_id, None)
    return Change(ticket, (entry,))


def _name(one: Reference) -> str:
    return f"{one.kind}:{one.reference}"
