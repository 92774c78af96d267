"""The shipped workflows are those of docs/workflows.md: every state, role and condition."""

from datetime import timedelta
from itertools import product

import msgspec
import pytest

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.errors import Conflict, Forbidden, Refused
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.workflows.book import SHIPPED
from gateway.workflows.check import check_workflow
from gateway.workflows.judge import AskedStep, Case, available, judge
from gateway.workflows.workflow import State
from tests.tickets.tickets import ticket
from tests.workflows.table import Way, drawn

DRAWN = drawn()
PEOPLE = {
    "assignee": Principal(1, "u_as", Role.OPERATOR, "u_as"),
    "requester": Principal(1, "u_rq", Role.REQUESTER, "u_rq"),
    "operator": Principal(1, "u_op", Role.OPERATOR, "u_op"),
    "admin": Principal(1, "u_ad", Role.ADMIN, "u_ad"),
    "resolver": Principal(1, "u_rs", Role.OPERATOR, "u_rs"),
    "submitter": Principal(1, "u_sb", Role.OPERATOR, "u_sb"),
}
HELD = {
    "assignee": {"assignee", "operator", "any"},
    "requester": {"requester", "any"},
    "operator": {"operator", "any"},
    "admin": {"assignee", "requester", "operator", "admin", "any"},
    "resolver": {"operator", "any"},
    "submitter": {"operator", "any"},
}
GIVEN = AskedStep(
    comment="why",
    resolution_note="how",
    custom=dict.fromkeys(("plan", "backout", "root_cause", "workaround"), "text"),
)
CASES = [
    (name, state, person, risk)
    for name in SHIPPED
    for state, person, risk in product(SHIPPED[name].states, PEOPLE, ("low", "high"))
]


def case_of(name: str, state: State, person: str, risk: str) -> Case:
    """A ticket of somebody's, asked for by somebody else, in that state."""
    subject: Ticket = ticket(
        state.status,
        workflow=name,
        state=state.stored,
        assignee="u_as",
        requester="u_rq",
        resolved_by="u_rs",
        custom=msgspec.json.encode({"risk": risk}),
    )
    return Case(ticket=subject, workflow=SHIPPED[name], by=PEOPLE[person], moved_by="u_sb")


def refusal_of(way: Way, person: str, risk: str) -> str | None:
    """What the table says of one step: why not, or None."""
    if not HELD[person] & set(way.roles) or person in way.barred:
        return "role"
    if way.risk_is_low is not None and way.risk_is_low != (risk == "low"):
        return "condition"
    return None


def test_the_tables_name_every_shipped_workflow_and_its_states() -> None:
    assert DRAWN.keys() == SHIPPED.keys()
    for name, workflow in SHIPPED.items():
        ended = {"resolved", "closed", "cancelled"}
        states = {one.name: str(one.status) for one in workflow.states.values()}
        table = DRAWN[name].status_of
        assert {key: states[key] for key in states if key not in ended} == {
            key: status for key, status in table.items() if key not in ended and key in states
        }


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_workflow_is_what_its_table_says_edge_for_edge(name: str) -> None:
    ways = [
        Way(
            start=start,
            to=edge.to,
            roles=tuple(map(str, edge.roles)),
            on=str(edge.on or ""),
            needs=frozenset(edge.require),
            risk_is_low=str(edge.when[0][0].op) == "=" if edge.when else None,
            barred=frozenset(map(str, edge.barred)),
            clears=frozenset(edge.clears),
            resolutions=edge.resolutions,
        )
        for edge in SHIPPED[name].edges
        for start in edge.starts
    ]
    assert sorted(map(repr, ways)) == sorted(map(repr, DRAWN[name].ways))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_workflow_has_the_types_and_the_closing_of_its_heading(name: str) -> None:
    workflow, head = SHIPPED[name], DRAWN[name].head
    assert [str(kind) for kind in workflow.types] == [t for t in workflow.types if t in head]
    assert workflow.alerts == ("alerts" in head)
    assert workflow.closes == ("close_after never" not in head)
    assert workflow.start == (
        "open" if "start" not in head else head.split("start ")[1].split(";")[0]
    )
    assert workflow.close_after in (None, timedelta())


@pytest.mark.parametrize(("name", "state", "person", "risk"), CASES)
def test_every_actions_entry_succeeds_and_everything_else_is_refused(
    name: str, state: str, person: str, risk: str
) -> None:
    workflow = SHIPPED[name]
    case = case_of(name, workflow.states[state], person, risk)
    ways = [way for way in DRAWN[name].ways if way.start == state]
    open_ways = [
        way
        for way in ways
        if refusal_of(way, person, risk) is None and not workflow.states[way.to].approval
    ]
    assert sorted(offer.to for offer in available(case)) == sorted(way.to for way in open_ways)
    for offer in available(case):
        [way] = [one for one in open_ways if one.to == offer.to]
        fields = way.needs - {"children_ended"} | ({"resolution"} if way.resolutions else set())
        assert (set(offer.needs), offer.resolutions) == (fields, way.resolutions)
        full = msgspec.structs.replace(
            GIVEN, name=offer.name, resolution=way.resolutions[0] if way.resolutions else ""
        )
        assert judge(case, full).edge.to == offer.to
        if fields:
            with pytest.raises(Refused) as refused:
                judge(case, AskedStep(name=offer.name))
            pointers = {error.pointer for error in refused.value.errors}
            assert refused.value.code == "missing_fields"
            assert pointers == {"/" + field.replace(".", "/") for field in fields}
    for to in workflow.states:
        if to not in {way.to for way in open_ways}:
            assert_refused(case, ways, to, person, risk)


def assert_refused(case: Case, ways: list[Way], to: str, person: str, risk: str) -> None:
    reasons = {refusal_of(way, person, risk) for way in ways if way.to == to}
    with pytest.raises((Forbidden, Conflict)) as refused:
        judge(case, msgspec.structs.replace(GIVEN, to=to))
    if None in reasons:
        assert refused.value.code == "approval_unreachable"
        return
    expected = next((one for one in ("condition", "role") if one in reasons), "no_edge")
    assert refused.value.code == "forbidden_transition"
    assert refused.value.extra["reason"] == expected
    assert refused.value.extra["allowed"] == list(
        dict.fromkeys(offer.to for offer in available(case))
    )


def test_the_default_workflow_is_the_table_that_there_was_before_workflows() -> None:
    assert {
        state: [edge.to for edge in SHIPPED["default"].edges_from(state)] for state in TicketStatus
    } == {
        "open": ["in_progress", "resolved", "cancelled"],
        "in_progress": ["pending", "resolved", "cancelled"],
        "pending": ["in_progress", "resolved", "cancelled"],
        "resolved": ["closed", "in_progress"],
        "closed": [],
        "cancelled": [],
    }
    assert {role for edge in SHIPPED["default"].edges for role in edge.roles} == {"operator"}


@pytest.mark.parametrize("name", sorted(SHIPPED.keys() - {"default"}))
def test_no_shipped_workflow_is_refused_or_warned_of(name: str) -> None:
    starts = ["awaiting_approval"] if name == "service_request" else []
    found = check_workflow(SHIPPED[name], starts=starts)
    assert (list(found.refused), list(found.warned)) == ([], [])
