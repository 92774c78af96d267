"""A person sets plain fields of a ticket: held against what the tenant has declared, then saved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from gateway.alerts.labels import MAX_LABELS
from gateway.alerts.opening import TicketType
from gateway.effects.working_set import WorkingSet
from gateway.errors import FieldError, Refused
from gateway.tickets.edit import edit_ticket
from gateway.tickets.fields import check_custom
from gateway.tickets.ticket import Ticket


def edit_by_person(
    rows: WorkingSet, ticket: Ticket, fields: Mapping[str, Any], actor: str, now: datetime
) -> Ticket:
    """The ticket as it then is. *fields* as in `edit_ticket`. Raises InvalidCustom, Refused."""
    if "custom" in fields:
        kind = TicketType(fields.get("type", ticket.type))
        check_custom(rows.fields, kind, ticket.project, fields["custom"])
    change = edit_ticket(ticket, fields, actor, now, rows.matrix)
    if change is None:
        return ticket
    _check_labels(change.after)
    rows.save(change)
    return rows.tickets[ticket.id]


def _check_labels(ticket: Ticket) -> None:
    """As many as an alert may have."""
    if len(msgspec.json.decode(ticket.labels)) > MAX_LABELS:
        detail = f"must leave the ticket with {MAX_LABELS} labels at most"
        raise Refused("too many labels", "invalid_body", (FieldError("/labels", detail),))
