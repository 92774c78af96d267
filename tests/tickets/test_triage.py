"""An alert that runs is acknowledged while its ticket is being worked on, and only then."""

from itertools import product

import pytest

from gateway.alerts.alert import AlertStatus
from gateway.tickets.ticket import TicketStatus
from gateway.tickets.triage import triage_of

ACKNOWLEDGED = set(product(("firing", "expired"), ("in_progress", "pending")))


@pytest.mark.parametrize("alert", AlertStatus)
@pytest.mark.parametrize("ticket", [None, *TicketStatus])
def test_triage_is_read_from_the_ticket(alert: AlertStatus, ticket: TicketStatus | None) -> None:
    is_acknowledged = (alert, ticket) in ACKNOWLEDGED
    assert triage_of(alert, ticket) == ("acknowledged" if is_acknowledged else "none")
