"""What people have said of an alert: read from the ticket that it is on, and kept nowhere else."""

from enum import StrEnum

from gateway.alerts.alert import AlertStatus
from gateway.tickets.ticket import ACKNOWLEDGED, TicketStatus


class Triage(StrEnum):
    """Of an alert that runs."""

    NONE = "none"
    ACKNOWLEDGED = "acknowledged"


def triage_of(alert: AlertStatus, ticket: TicketStatus | None) -> Triage:
    """Acknowledged while its ticket is being worked on. *ticket* None: it is on none."""
    runs = alert is not AlertStatus.RESOLVED
    return Triage.ACKNOWLEDGED if runs and ticket in ACKNOWLEDGED else Triage.NONE
