"""Who set a priority wins: a person over a rule, a rule over the matrix; edits say all they do."""

from typing import Any

import orjson
import pytest

from gateway.alerts.opening import Level, TicketType
from gateway.alerts.severity import Severity
from gateway.events.event import EventType
from gateway.tickets.edit import edit_ticket, worsen
from gateway.tickets.priority import read_matrix
from gateway.tickets.ticket import PriorityBy, Ticket
from tests.alerts.identities import at
from tests.tickets.tickets import ticket

PINNED: dict[str, Any] = {"severity": Severity.MEDIUM, "priority_by": PriorityBy.PERSON}


def edited(one: Ticket, **fields: Any) -> Ticket:
    change = edit_ticket(one, fields, "local:anna", at(3))
    assert change is not None
    return change.after


def entries(one: Ticket, **fields: Any) -> list[tuple[str, str | None, str | None]]:
    change = edit_ticket(one, fields, "local:anna", at(3))
    assert change is not None
    return [(entry.field, entry.old, entry.new) for entry in change.entries]


def test_editing_what_is_weighed_works_the_priority_out_anew() -> None:
    one = edited(ticket(severity=Severity.MEDIUM), impact="high", urgency="high")
    assert (one.priority, one.priority_by) == (Severity.CRITICAL, PriorityBy.MATRIX)
    assert entries(ticket(severity=Severity.MEDIUM), impact="high") == [
        ("impact", "medium", "high"),
        ("priority", "medium", "high"),
    ]


def test_the_tenants_own_matrix_is_asked() -> None:
    matrix, _ = read_matrix({"medium/low/medium": "critical"})
    one = ticket(severity=Severity.MEDIUM)
    change = edit_ticket(one, {"impact": "low"}, "local:anna", at(3), matrix)
    assert change is not None
    assert change.after.priority is Severity.CRITICAL


def test_a_priority_that_a_person_set_stays_when_what_is_weighed_is_edited() -> None:
    pinned = edited(ticket(severity=Severity.MEDIUM), priority="low")
    assert pinned.priority_by is PriorityBy.PERSON
    weighed = edited(pinned, severity="critical", impact="high")
    assert (weighed.priority, weighed.severity) == (Severity.LOW, Severity.CRITICAL)


def test_a_person_outweighs_a_rule() -> None:
    of_rule = ticket(severity=Severity.MEDIUM, priority_by=PriorityBy.RULE)
    assert edited(of_rule, priority="high").priority_by is PriorityBy.PERSON


def test_unpinning_gives_the_priority_back_to_the_matrix() -> None:
    one = edited(ticket(**PINNED, priority=Severity.LOW, impact=Level.HIGH), priority=None)
    assert (one.priority, one.priority_by) == (Severity.HIGH, PriorityBy.MATRIX)


def test_unpinning_is_told_also_where_the_priority_stays_the_same() -> None:
    assert entries(ticket(**PINNED), priority=None) == [("priority_by", "person", "matrix")]
    assert (
        edit_ticket(edited(ticket(**PINNED), priority=None), {"priority": None}, "a", at(4)) is None
    )


def test_what_is_pinned_and_weighed_in_one_edit_is_pinned() -> None:
    one = edited(ticket(severity=Severity.MEDIUM), severity="critical", priority="medium")
    assert (one.priority, one.priority_by) == (Severity.MEDIUM, PriorityBy.PERSON)


def test_a_ticket_of_an_earlier_release_has_its_priority_for_its_severity() -> None:
    one = edited(ticket(priority=Severity.HIGH), impact="high")
    assert (one.severity, one.priority) == (Severity.HIGH, Severity.CRITICAL)
    assert entries(ticket(priority=Severity.HIGH), severity="low") == [
        ("priority", "high", "low"),
        ("severity", "high", "low"),
    ]


def test_labels_and_custom_fields_are_merged_and_told_by_name() -> None:
    before = ticket(labels=b'{"old": "1", "team": "db"}', custom=b'{"risk": "low"}')
    fields = {
        "labels": {"vip": "true", "old": None, "team": "db", "never": None},
        "custom": {"risk": "high", "plan": "x"},
    }
    change = edit_ticket(before, fields, "local:anna", at(3))
    assert change is not None
    assert orjson.loads(change.after.labels) == {"team": "db", "vip": "true"}
    assert orjson.loads(change.after.custom) == {"risk": "high", "plan": "x"}
    assert [(entry.field, entry.old, entry.new) for entry in change.entries] == [
        ("custom.plan", None, "x"),
        ("custom.risk", "low", "high"),
        ("label.old", "1", None),
        ("label.vip", None, "true"),
    ]
    same = {"labels": {"team": "db", "gone": None}, "custom": {"risk": "low"}}
    assert edit_ticket(before, same, "local:anna", at(3)) is None


def test_the_type_can_be_edited() -> None:
    assert edited(ticket(), type="problem").type is TicketType.PROBLEM


@pytest.mark.parametrize("field", ["type", "severity", "impact", "urgency", "priority"])
def test_a_word_that_is_none_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="huge"):
        edit_ticket(ticket(), {field: "huge"}, "local:anna", at(3))


def test_something_worse_that_raises_no_priority_is_told_all_the_same() -> None:
    change = worsen(ticket(**PINNED), Severity.HIGH, Severity.MEDIUM, at(3), "alert ab is high")
    [entry] = change.entries
    assert (entry.field, entry.old, entry.new) == ("severity", "medium", "high")
    assert (change.events, change.after.priority_by) == ((), PriorityBy.PERSON)


def test_what_the_system_raised_is_the_matrix_own_again() -> None:
    change = worsen(ticket(**PINNED), Severity.CRITICAL, Severity.CRITICAL, at(3), "worse")
    assert change.after.priority_by is PriorityBy.MATRIX
    [event] = change.events
    assert event.type is EventType.TICKET_PRIORITY_CHANGED
    assert event.data == {"from": "medium", "to": "critical", "by": "system", "reason": "worse"}
