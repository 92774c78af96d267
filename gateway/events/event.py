"""Events: what has happened to one subject, with data of their own, made where it is decided."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec


class EventType(StrEnum):
    """What the outside can be told of; `[[webhooks]] events` names these."""

    TICKET_CREATED = "ticket.created"
    TICKET_REOPENED = "ticket.reopened"
    TICKET_RESOLVED = "ticket.resolved"
    TICKET_CLOSED = "ticket.closed"
    TICKET_STATUS_CHANGED = "ticket.status_changed"
    """Any step: also beside reopened, resolved and closed."""
    TICKET_MAJOR_DECLARED = "ticket.major_declared"
    TICKET_MAJOR_STOOD_DOWN = "ticket.major_stood_down"
    TICKET_ASSIGNED = "ticket.assigned"
    TICKET_PRIORITY_CHANGED = "ticket.priority_changed"
    TICKET_COMMENT_ADDED = "ticket.comment_added"
    TICKET_LINKED = "ticket.linked"
    TICKET_UNLINKED = "ticket.unlinked"
    SILENCE_CREATED = "silence.created"
    SILENCE_EXPIRED = "silence.expired"


class Event(msgspec.Struct, frozen=True, gc=False):
    """*data* is its own (`from`, `to`, `by` …). What every event says of its subject is added once
    numbers and places in the history are given.
    """

    type: EventType
    at: datetime
    data: Mapping[str, object] = msgspec.field(default_factory=dict)


class Subject(Protocol):
    """What an event is about."""

    def told(self) -> Mapping[str, object]:
        """What every event says of it."""


class PlacedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event in its place: of *about*, as it was when it happened."""

    event: Event
    subject: str
    """Id of *about*."""
    about: Subject
    sequence: int
    """The length of its history then, the same for all events of one change: a receiver that keeps
    a state may leave out what is smaller.
    """

    def payload(self) -> dict[str, object]:
        """All that it says; worked out for those only that somebody wants."""
        return {**self.about.told(), "sequence": str(self.sequence), **self.event.data}


def shown_time(moment: datetime) -> str:
    """RFC 3339 in UTC, as in every payload."""
    return moment.isoformat().replace("+00:00", "Z")
