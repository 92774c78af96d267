"""What a configuration is refused for, and warned of: nobody gets stuck, nothing leads around."""

from typing import Any

import pytest

from gateway.workflows.check import Findings, check_workflow
from gateway.workflows.definition import read_workflow

APPROVAL = {"name": "asking", "status": "pending", "approval": "cab"}
APPROVED = {"from": "asking", "to": "in_progress", "role": "system", "on": "approved"}
REJECTED = {"from": "asking", "to": "open", "role": "system", "on": "rejected", "name": "no"}
ASK = {"from": "open", "to": "asking"}
GO = {"from": "in_progress", "to": "resolved"}
REOPEN = {"from": "resolved", "to": "in_progress"}
BACK = {"from": "asking", "to": "open"}


def check(*edges: dict[str, Any], states: Any = (), known: Any = None, **more: Any) -> Findings:
    body = {"name": "w", "states": list(states), "transitions": list(edges)}
    return check_workflow(read_workflow(body | more), **(known or {}))


def sentences(found: Any) -> list[str]:
    return [one.sentence for one in found]


def refused(*edges: dict[str, Any], **more: Any) -> list[str]:
    return sentences(check(*edges, **more).refused)


START = {"from": "open", "to": "in_progress"}
SOUND = (START, GO, REOPEN)


def test_a_sound_workflow_is_neither_refused_nor_warned_of() -> None:
    assert check(*SOUND) == Findings([], [])
    assert check(ASK, APPROVED, REJECTED, BACK, GO, REOPEN, states=[APPROVAL]) == Findings([], [])


def test_a_state_that_is_never_reached_is_refused() -> None:
    states = [{"name": "island", "status": "open"}]
    away = {"from": "island", "to": "resolved"}
    assert refused(*SOUND, away, states=states) == ["no way leads from the start to island"]
    assert refused(*SOUND, away, states=states, known={"starts": ["island"]}) == []
    assert refused(*SOUND, known={"starts": ["gone"]}) == [
        "a catalog item begins at 'gone', which is no state of it"
    ]


def test_a_live_state_without_a_way_to_an_end_or_without_a_persons_edge_is_refused() -> None:
    ring = {"from": "pending", "to": "open", "name": "back"}
    alone = {"from": "open", "to": "pending"}
    assert refused(alone, ring) == [
        "no way leads from open to an end",
        "no way leads from pending to an end",
    ]
    no_person = refused(ASK, APPROVED, REJECTED, GO, REOPEN, states=[APPROVAL])
    assert no_person == ["nobody can take a step out of asking"]


def test_two_edges_that_one_request_could_mean_are_refused() -> None:
    twice = START | {"role": "operator"}
    assert "could mean both" in refused(*SOUND, twice)[0]
    assert refused(*SOUND, twice | {"name": "take"}) == []


def test_an_approval_needs_an_edge_for_each_outcome() -> None:
    found = refused(ASK, APPROVED, BACK, GO, REOPEN, states=[APPROVAL])
    assert found == ['asking has no edge with on = "rejected" out of it']


def test_no_edge_leads_around_an_approval() -> None:
    forward = {"from": "asking", "to": "in_progress", "role": "admin"}
    edges = (ASK, APPROVED, REJECTED, BACK, GO, REOPEN)
    assert "leads around the approval" in refused(*edges, forward, states=[APPROVAL])[0]
    ending = {"from": "asking", "to": "cancelled"}
    assert refused(*edges, ending, states=[APPROVAL]) == []


def test_unknown_fields_approvals_and_names_in_conditions_are_refused() -> None:
    names = {"fields": {"risk"}, "approvals": {"cab"}}
    fine = START | {"require": "custom.risk", "when": '{custom.risk="low",label.any="x"}'}
    assert refused(fine, GO, REOPEN, known=names) == []
    assert refused(START | {"require": "custom.cost"}, GO, REOPEN, known=names) == [
        "there is no field 'cost'"
    ]
    for condition in ('{custom.cost="1"}', '{approval.board="approved"}', '{colour="red"}'):
        assert refused(START | {"when": condition}, GO, REOPEN, known=names)
    states = [APPROVAL | {"approval": "board"}]
    edges = (ASK, APPROVED, REJECTED, BACK, GO, REOPEN)
    assert refused(*edges, states=states, known=names) == ["there is no approval 'board'"]


def test_a_workflow_of_alerts_must_let_the_system_do_its_work() -> None:
    close = {"from": "resolved", "to": "closed"}
    assert refused(*SOUND, close, alerts=True) == []
    assert "has the states closed" in refused(*SOUND, alerts=True)[0]
    around = refused(
        ASK, APPROVED, REJECTED, BACK, GO, REOPEN, close, states=[APPROVAL], alerts=True
    )
    assert len(around) == 3
    assert all("does not wait for one" in sentence for sentence in around)


def test_the_name_of_the_built_in_workflow_is_refused() -> None:
    assert "built in" in refused(*SOUND, name="default")[0]


@pytest.mark.parametrize("condition", ['{major="",major="true"}', '{rule="a",rule!~"a|b"}'])
def test_conditions_that_contradict_themselves_are_warned_of(condition: str) -> None:
    [warning] = sentences(check(START | {"when": condition}, GO, REOPEN).warned)
    assert "is never true" in warning


def test_an_edge_behind_one_without_a_condition_is_warned_of() -> None:
    behind = START | {"name": "later", "when": '{major="true"}'}
    [warning] = sentences(check(*SOUND, behind).warned)
    assert "takes the earlier edge 'in_progress'" in warning
    assert check(*SOUND, behind | {"role": "operator"}).warned == []


def test_resolved_without_a_way_back_is_warned_of() -> None:
    assert sentences(check(START, GO).warned) == ["no way leads back from resolved"]
