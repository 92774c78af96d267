"""Tickets of tests."""

from typing import Any

from gateway.alerts.severity import Severity
from gateway.tickets.ticket import Ticket, TicketStatus
from tests.alerts.identities import NOON


def ticket(status: TicketStatus = TicketStatus.OPEN, **more: Any) -> Ticket:
    """Opened at noon by the system."""
    values: dict[str, Any] = {
        "id": "tk_1",
        "title": "Disk full on db1",
        "status": status,
        "priority": Severity.MEDIUM,
        "requester": "system",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Ticket(**values | more)
