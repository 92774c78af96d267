"""What a condition sees of a ticket: a flat view of texts, in which what is absent is empty."""

from collections.abc import Mapping

import msgspec

from gateway.tickets.fields import Field, flat_custom
from gateway.tickets.ticket import Ticket

NAMES = frozenset(
    {
        "type", "status", "state", "priority", "severity", "impact", "urgency", "major", "firing",
        "project", "assignee", "group", "requester", "rule", "catalog_item", "resolution",
    }
)  # fmt: skip
FAMILIES = ("label.", "custom.", "approval.")
"""Names that begin so have the name of a label, a field or an approval behind them."""


def flat_view(
    ticket: Ticket, fields: Mapping[str, Field] = {}, approvals: Mapping[str, str] = {}
) -> Mapping[str, str]:
    """All texts; what is true is `"true"` and what is not is empty. *fields*: what is declared of
    custom ones, for the bands of numbers; *approvals*: what became of each. Both by name.
    """
    view = {
        "type": str(ticket.type),
        "status": str(ticket.status),
        "state": ticket.state or str(ticket.status),
        "priority": str(ticket.priority),
        "severity": _text(ticket.severity),
        "impact": _text(ticket.impact),
        "urgency": _text(ticket.urgency),
        "major": _text(ticket.major),
        "firing": _text(ticket.firing > 0),
        "project": ticket.project,
        "assignee": ticket.assignee,
        "group": ticket.assignee_group,
        "requester": ticket.requester,
        "rule": ticket.rule,
        "catalog_item": ticket.catalog_item,
        "resolution": ticket.resolution,
    }
    for name, value in msgspec.json.decode(ticket.labels, type=dict[str, str]).items():
        view[f"label.{name}"] = value
    view |= flat_custom(fields, ticket.custom)
    for name, outcome in approvals.items():
        view[f"approval.{name}"] = outcome
    return view


def custom_of(ticket: Ticket) -> dict[str, object]:
    """The ticket's values of custom fields, by name."""
    return msgspec.json.decode(ticket.custom, type=dict[str, object])


def _text(value: object) -> str:
    """Nothing and false are empty."""
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else str(value)
