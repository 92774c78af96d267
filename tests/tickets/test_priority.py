"""Severity, impact and urgency make the priority, by a table that tenants may change."""

from itertools import product

import pytest

from gateway.alerts.opening import Level, TicketType
from gateway.alerts.severity import DEFAULT_WORDS, Severity, severity_of
from gateway.tickets.priority import DEFAULT_MATRIX, PriorityWord, priority_in, read_matrix
from gateway.tickets.ticket import TicketStatus

TABLE = """
          H/H       H/M       H/L       M/H       M/M       M/L       L/H       L/M       L/L
critical  critical  critical  critical  critical  critical  high      critical  high      medium
high      critical  critical  high      critical  high      medium    high      medium    low
medium    critical  high      medium    high      medium    low       medium    low       low
low       high      medium    low       medium    low       low       low       low       low
"""


def test_the_default_matrix_is_the_documented_table() -> None:
    head, *lines = (line.split() for line in TABLE.strip().splitlines())
    assert len(head) == 9
    written = {
        (Severity(severity), impact, urgency): Severity(priority)
        for severity, *priorities in lines
        for (impact, urgency), priority in zip(product(Level, Level), priorities, strict=True)
    }
    assert written == DEFAULT_MATRIX


def test_an_alert_with_nothing_else_said_keeps_its_severity() -> None:
    assert all(priority_in(DEFAULT_MATRIX, one, None, None) is one for one in Severity)


def test_cells_that_differ_are_written_and_all_others_stay() -> None:
    matrix, mistakes = read_matrix({"high/high/low": "critical", "LOW/low/low": "P3"})
    assert mistakes == []
    changed = {cell for cell in matrix if matrix[cell] is not DEFAULT_MATRIX[cell]}
    assert changed == {(Severity.HIGH, Level.HIGH, Level.LOW)}
    assert matrix[Severity.HIGH, Level.HIGH, Level.LOW] is Severity.CRITICAL


def test_every_mistake_in_a_matrix_is_told_with_its_cell() -> None:
    given = {"high/high": "low", "high/high/huge": "low", "high/low/low": "p1", "low/low/low": 1}
    _, mistakes = read_matrix(given)
    assert [place for place, _ in mistakes] == [(key,) for key in given]
    assert "as in `high/high/low`" in mistakes[0][1]
    assert mistakes[2][1] == "must be one of critical, high, medium, low"


@pytest.mark.parametrize(
    ("spelling", "priority"),
    [("P0", "critical"), ("P1", "high"), ("P2", "medium"), ("P3", "low"), ("HIGH", "high")],
)
def test_other_spellings_of_a_priority_are_understood(spelling: str, priority: str) -> None:
    assert PriorityWord(spelling).priority is Severity(priority)


def test_priorities_p0_to_p3_are_not_senders_severities() -> None:
    assert severity_of("P1", DEFAULT_WORDS) is Severity.CRITICAL
    assert PriorityWord("P1").priority is Severity.HIGH
    with pytest.raises(ValueError, match="p1"):
        PriorityWord("p1")
    with pytest.raises(ValueError, match="P0"):
        Severity("P0")


def test_statuses_and_types_are_understood_in_capitals_and_a_fault_is_an_incident() -> None:
    assert TicketStatus("OPEN") is TicketStatus.OPEN
    assert TicketType("SERVICE_REQUEST") is TicketType.SERVICE_REQUEST
    assert TicketType("fault") is TicketType.INCIDENT
    with pytest.raises(ValueError, match="Open"):
        TicketStatus("Open")
