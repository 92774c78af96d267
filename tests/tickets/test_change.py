"""Changes carry their history: nothing about a ticket changes without an entry that says so."""

import pytest

from gateway.alerts.severity import Severity
from gateway.changes.change import Change
from gateway.events.event import EventType
from gateway.tickets.change import join, open_ticket, resolve_by_system
from gateway.tickets.edit import edit_ticket, worsen
from tests.alerts.identities import at
from tests.tickets.tickets import ticket


def test_a_new_ticket_begins_its_history_and_is_told_of() -> None:
    change = open_ticket(ticket(requester="local:anna"), "seen by eye")
    [event] = change.events
    assert event.type is EventType.TICKET_CREATED
    [entry] = change.entries
    assert (entry.kind, entry.object_id, entry.actor) == ("ticket", "tk_1", "local:anna")
    assert (entry.field, entry.old, entry.new) == ("status", None, "open")
    assert (entry.at, entry.comment) == (change.after.created_at, "seen by eye")


def test_an_edit_has_an_entry_for_each_field_that_changed() -> None:
    fields = {"title": "Disk", "priority": "high", "assignee": "anna", "description": ""}
    change = edit_ticket(ticket(), fields, "local:anna", at(3))
    assert change is not None
    assert (change.after.title, change.after.assignee) == ("Disk", "anna")
    assert change.after.priority is Severity.HIGH
    assert (change.after.version, change.after.updated_at) == (2, at(3))
    assert [(entry.field, entry.old, entry.new) for entry in change.entries] == [
        ("assignee", "", "anna"),
        ("priority", "medium", "high"),
        ("title", "Disk full on db1", "Disk"),
    ]
    assigned, raised = change.events
    assert (assigned.type, dict(assigned.data)) == (
        EventType.TICKET_ASSIGNED, {"from": "", "to": "anna", "group": "", "by": "local:anna"},
    )  # fmt: skip
    assert (raised.type, raised.data["from"], raised.data["to"]) == (
        EventType.TICKET_PRIORITY_CHANGED, "medium", "high",
    )  # fmt: skip


def test_an_edit_that_changes_nothing_is_no_change() -> None:
    same = {"title": "Disk full on db1", "priority": "medium", "assignee_group": ""}
    assert edit_ticket(ticket(), same, "local:anna", at(3)) is None


def test_an_edit_is_a_first_response() -> None:
    first = edit_ticket(ticket(), {"assignee": "anna"}, "local:anna", at(3))
    assert first is not None
    again = edit_ticket(first.after, {"assignee": "bo"}, "local:bo", at(4))
    assert again is not None
    assert again.after.first_response_at == at(3)


def test_a_priority_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="urgent"):
        edit_ticket(ticket(), {"priority": "urgent"}, "local:anna", at(3))


def test_an_escalation_is_the_systems_and_says_from_what_to_what() -> None:
    change = worsen(ticket(), Severity.CRITICAL, Severity.CRITICAL, at(3), "alert ab is critical")
    assert (change.after.priority, change.after.version) == (Severity.CRITICAL, 2)
    assert [(entry.actor, entry.field, entry.old, entry.new) for entry in change.entries] == [
        ("system", "severity", "medium", "critical"),
        ("system", "priority", "medium", "critical"),
    ]


def test_an_alert_that_joins_is_named_in_the_history() -> None:
    change = join(ticket(), "ab01", at(3))
    [entry] = change.entries
    assert (entry.field, entry.old, entry.new) == ("alerts", None, "ab01")
    assert change.after == ticket(), "that is no edit: its version stays, and If-Match holds"


def test_a_tickets_times_never_go_back() -> None:
    later = edit_ticket(ticket(), {"title": "x"}, "local:anna", at(9))
    assert later is not None
    late = resolve_by_system(later.after, at(3), "applied late")
    assert (late.after.resolved_at, late.after.updated_at) == (at(9), at(9))
    assert [entry.at for entry in late.entries] == [at(9)]


def test_a_change_without_an_entry_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="history"):
        Change(ticket(), ())
