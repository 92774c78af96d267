"""Which outside hears of what: announcements to outbox messages, one per sink that asked for it."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson

from gateway.effects.working_set import Announcement
from gateway.outbox.message import Message
from gateway.tickets.change import Event
from gateway.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Route:
    """One sink and the events it wants."""

    sink: str
    events: frozenset[Event]


def messages(
    announcements: Iterable[Announcement], tenant: int, routes: Iterable[Route]
) -> list[Message]:
    """A message per announcement and sink; none where no sink is configured."""
    wanting = list(routes)
    if not wanting:
        return []
    return [
        Message(
            id=f"ev_{int(one.at.timestamp() * 1000):012x}{secrets.token_hex(7)}",
            tenant=tenant,
            sink=route.sink,
            type=one.event,
            subject=one.ticket.id,
            payload={"ticket": summary(one.ticket)},
            created_at=one.at,
        )
        for one in announcements
        for route in wanting
        if one.event in route.events
    ]


def summary(ticket: Ticket) -> dict[str, object]:
    """A ticket as told to the outside: as it was when the event happened."""
    return {
        "id": ticket.id,
        "number": ticket.number,
        "title": ticket.title,
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "rule": ticket.rule,
        "labels": orjson.loads(ticket.labels),
        "assignee": ticket.assignee,
        "follows": ticket.follows,
        "created_at": _time(ticket.created_at),
        "updated_at": _time(ticket.updated_at),
        "version": ticket.version,
    }


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
