"""Reading a declared workflow: other spellings are understood, every mistake is named at once."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.tickets.ticket import TicketStatus, TicketType
from gateway.workflows.definition import BadWorkflow, read_workflow
from gateway.workflows.workflow import EdgeRole

GOOD: dict[str, Any] = {
    "name": "repair",
    "transitions": [
        {"from": "open", "to": "resolved"},
        {"from": "resolved", "to": "open", "role": "any"},
    ],
}


def mistakes(**changed: Any) -> dict[str, str]:
    with pytest.raises(BadWorkflow) as refused:
        read_workflow(GOOD | changed)
    return {".".join(map(str, one.where)): one.sentence for one in refused.value.mistakes}


def test_the_least_that_can_be_said_is_read_with_its_defaults() -> None:
    workflow = read_workflow(GOOD, version=3)
    assert (workflow.name, workflow.display_name, workflow.version) == ("repair", "repair", 3)
    assert (workflow.start, workflow.types, workflow.closes) == ("open", (), True)
    assert list(workflow.states) == ["open", "resolved"]
    first, _ = workflow.edges
    assert (first.roles, first.label, first.name) == ((EdgeRole.ASSIGNEE,), "Resolved", "resolved")


def test_other_spellings_mean_the_same() -> None:
    workflow = read_workflow(
        {
            "name": "repair",
            "displayName": "Repair",
            "types": ["Fault"],
            "closeAfter": "7d",
            "start": "OPEN",
            "transitions": [
                {"from": "OPEN", "to": "IN_PROGRESS", "when": '{priority="P0",status!="OPEN"}'}
            ],
        }
    )
    assert (workflow.display_name, workflow.types) == ("Repair", (TicketType.INCIDENT,))
    assert workflow.close_after == timedelta(days=7)
    [edge] = workflow.edges
    assert (edge.starts, edge.to) == (("open",), "in_progress")
    assert [(one.name, one.value) for one in edge.when[0]] == [
        ("priority", "critical"),
        ("status", "open"),
    ]


def test_a_star_is_every_state_that_has_not_ended_but_the_goal() -> None:
    workflow = read_workflow(
        GOOD
        | {
            "states": [{"name": "waiting", "status": "pending"}],
            "transitions": [
                {"from": ["open", "resolved"], "to": "waiting"},
                {"from": "*", "to": "cancelled"},
                {"from": "*", "to": "open"},
            ],
        }
    )
    assert [edge.starts for edge in workflow.edges] == [
        ("open", "resolved"),
        ("waiting", "open", "resolved"),
        ("waiting", "resolved"),
    ]


def test_a_state_has_its_own_status_and_what_is_named_like_one_is_of_it() -> None:
    workflow = read_workflow(
        GOOD
        | {"states": [{"name": "open", "group": "ops"}, {"name": "later", "status": "pending"}]}
    )
    assert (workflow.states["open"].status, workflow.states["open"].group) == ("open", "ops")
    assert workflow.states["open"].stored is None
    assert workflow.states["later"].stored == "later"
    assert workflow.states["later"].status is TicketStatus.PENDING
    assert (
        "is of the status open"
        in mistakes(states=[{"name": "open", "status": "pending"}])["states.0.status"]
    )


def test_every_mistake_is_named_at_once_with_its_place() -> None:
    found = mistakes(
        name="Not a name",
        types=["nonsense"],
        close_after="soon",
        alerts="yes",
        startt="open",
        states=[{"name": "x", "status": "nowhere"}],
        transitions=[
            {"from": "open", "to": "nowhere", "role": "asignee", "not": "everybody"},
            {"from": "closed", "to": "open", "require": "patience", "clears": "title"},
            {"from": "open", "to": "x", "when": "{", "on": "approved", "role": "any"},
            {"from": "open", "to": "open"},
            {"to": "x", "role": "system"},
        ],
        renamed={"gone": "nowhere", "x": "open"},
    )
    assert found.keys() == {
        "name", "types", "close_after", "alerts", "startt", "states.0.status",
        "transitions.0.to", "transitions.0.role", "transitions.0.not", "transitions.1.from",
        "transitions.1.require", "transitions.1.clears", "transitions.2.when", "transitions.2.on",
        "transitions.3.from", "transitions.4.from", "transitions.4", "renamed.gone", "renamed.x",
    }  # fmt: skip
    assert found["startt"] == "unknown key; did you mean `start`?"
    assert found["transitions.0.role"].startswith("'asignee' is none of assignee, requester")


@pytest.mark.parametrize(
    "wrong",
    [
        {"transitions": "none"},
        {"transitions": [3]},
        {"states": {"name": "x"}},
        {"types": 3},
        {"display_name": ["a"]},
        {"display_name": "two\nlines"},
        {"display_name": "long" * 100},
        {"renamed": []},
        {"start": "nowhere"},
        {"states": [{"name": "x", "status": "open"}, {"name": "x", "status": "open"}]},
    ],
)
def test_what_is_no_workflow_at_all_is_a_mistake_and_no_error(wrong: dict[str, Any]) -> None:
    assert mistakes(**wrong)
