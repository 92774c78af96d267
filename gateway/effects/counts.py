"""What an alert adds to its ticket's counts, and keeping those counts right."""

import msgspec

from gateway.alerts.alert import Alert
from gateway.effects.condition import Condition
from gateway.effects.working_set import WorkingSet

Weight = tuple[int, int, int]
"""Firing, silenced, unconfirmed."""


def weight(alert: Alert | Condition) -> Weight:
    """What the alert adds to its ticket's firing, silenced and unconfirmed."""
    return int(alert.fires), int(alert.fires and alert.silenced), int(alert.unconfirmed)


def recount(rows: WorkingSet, ticket_id: str, before: Weight, after: Weight) -> None:
    if before == after:
        return
    ticket = rows.tickets[ticket_id]
    rows.count(
        msgspec.structs.replace(
            ticket,
            firing=max(0, ticket.firing + after[0] - before[0]),
            silenced=max(0, ticket.silenced + after[1] - before[1]),
            unconfirmed=max(0, ticket.unconfirmed + after[2] - before[2]),
        )
    )
