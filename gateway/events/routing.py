"""Which outside hears of what: a message for each sink that wants an event, none if nobody does."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.events.event import EventType, PlacedEvent
from gateway.ids import new_id
from gateway.outbox.message import Message


@dataclass(frozen=True, slots=True)
class Route:
    """One sink and the events it wants."""

    sink: str
    events: frozenset[EventType]


def messages(events: Iterable[PlacedEvent], tenant: int, routes: Iterable[Route]) -> list[Message]:
    """In the order of *events*."""
    wanting = list(routes)
    if not wanting:
        return []
    return [
        Message(
            id=new_id("ev", one.event.at),
            tenant=tenant,
            sink=route.sink,
            type=one.event.type,
            subject=one.subject,
            payload=one.payload(),
            created_at=one.event.at,
        )
        for one in events
        for route in wanting
        if one.event.type in route.events
    ]
