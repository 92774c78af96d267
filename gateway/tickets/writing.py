"""What every change of a ticket is made of: its moment, its next version, its history entries."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from gateway.history.chain import Entry
from gateway.history.kind import Kind
from gateway.tickets.ticket import Ticket


def moment_of(ticket: Ticket, now: datetime) -> datetime:
    """*now*, or its last change if that is later: a ticket's times never go back."""
    return max(now, ticket.updated_at)


def next_of(ticket: Ticket, at: datetime, values: Mapping[str, object]) -> Ticket:
    """The ticket with *values*, at its next version."""
    return msgspec.structs.replace(ticket, **values, updated_at=at, version=ticket.version + 1)


def entry_of(
    ticket: Ticket,
    at: datetime,
    actor: str,
    field: str,
    old: str | None,
    new: str | None,
    comment: str = "",
) -> Entry:
    """One changed field; None: nothing was there, or is."""
    return Entry(Kind.TICKET, ticket.id, at, actor, field, old, new, comment)
