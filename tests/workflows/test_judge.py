"""Who may take a step: judged on the ticket as it was, by one function for steps and buttons."""

from typing import Any

import pytest

from gateway.access.permission import ProjectRole, Role
from gateway.access.principal import Principal
from gateway.errors import Conflict, Forbidden, GatewayError
from gateway.tickets.fields import Field, FieldType, read_band
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.workflows.book import SHIPPED, SHIPPED_WORKFLOWS, Workflows
from gateway.workflows.definition import read_workflow
from gateway.workflows.judge import AskedStep, Case, available, judge
from gateway.workflows.standing import holds
from gateway.workflows.workflow import EdgeRole, Workflow
from tests.tickets.tickets import ticket

ANNA = Principal(1, "u_anna", Role.OPERATOR, "u_anna", frozenset({"db"}))
BORIS = Principal(1, "u_boris", Role.OPERATOR, "u_boris")
ADMIN = Principal(1, "u_root", Role.ADMIN, "u_root")
TOKEN = Principal(1, "t_12345678", Role.ADMIN)
ASKER = Principal(1, "u_ask", Role.REQUESTER, "u_ask")
AUDITOR = Principal(1, "u_audit", Role.AUDITOR, "u_audit")
LEAD = Principal(1, "u_lead", Role.REQUESTER, "u_lead", projects={"OPS": ProjectRole.LEAD})


def case(subject: Ticket, by: Principal, **more: Any) -> Case:
    return Case(**{"ticket": subject, "workflow": SHIPPED["incident_response"], "by": by} | more)


def code_of(subject: Case, asked: AskedStep) -> str:
    with pytest.raises(GatewayError) as refused:
        judge(subject, asked)
    return refused.value.code


RESOLVE = AskedStep(to="resolved")


def test_assigning_to_oneself_and_resolving_in_one_request_is_refused_on_anothers_ticket() -> None:
    others = ticket(assignee="u_anna")
    asked = AskedStep(to="resolved", assignee="u_boris")
    with pytest.raises(Forbidden) as refused:
        judge(case(others, BORIS), asked)
    assert refused.value.extra["reason"] == "role"
    assert judge(case(ticket(assignee="u_boris"), BORIS), RESOLVE).edge.to == "resolved"


def test_a_step_on_a_ticket_of_nobodys_makes_the_actor_its_assignee() -> None:
    assert judge(case(ticket(), ANNA), RESOLVE).assignee == "u_anna"
    to_boris = AskedStep(to="resolved", assignee="u_boris")
    assert judge(case(ticket(), ANNA), to_boris).assignee == "u_boris"
    cancel = AskedStep(to="cancelled", comment="no")
    assert judge(case(ticket(), ANNA), cancel).assignee is None
    put_back = AskedStep(to="open")
    working = ticket(TicketStatus.IN_PROGRESS, assignee="u_anna")
    assert judge(case(working, ANNA), put_back).assignee == ""


def test_a_groups_ticket_is_its_members() -> None:
    of_group = ticket(assignee_group="db")
    assert holds(ANNA, EdgeRole.ASSIGNEE, of_group)
    assert not holds(BORIS, EdgeRole.ASSIGNEE, of_group)
    assert holds(BORIS, EdgeRole.ASSIGNEE, ticket())


def test_a_resolved_ticket_of_the_systems_may_be_closed_by_any_operator_a_persons_by_them() -> None:
    close = AskedStep(to="closed")
    of_system = ticket(TicketStatus.RESOLVED)
    assert judge(case(of_system, BORIS), close)
    of_person = ticket(TicketStatus.RESOLVED, requester="u_ask")
    assert judge(case(of_person, ASKER), close)
    assert judge(case(of_person, ADMIN), close)
    assert code_of(case(of_person, BORIS), close) == "forbidden_transition"


def test_a_token_never_holds_the_requester_of_somebody_elses_ticket() -> None:
    assert not holds(TOKEN, EdgeRole.REQUESTER, ticket(requester="u_ask"))
    assert holds(TOKEN, EdgeRole.REQUESTER, ticket(requester="t_87654321"))
    assert holds(TOKEN, EdgeRole.REQUESTER, ticket(requester="system"))


def test_operators_are_so_in_the_tenant_or_in_the_project() -> None:
    assert holds(LEAD, EdgeRole.OPERATOR, ticket(project="OPS"))
    assert not holds(LEAD, EdgeRole.OPERATOR, ticket(project="WEB"))
    assert not holds(ASKER, EdgeRole.OPERATOR, ticket())


def test_auditors_take_no_step_that_anybody_may() -> None:
    assert not holds(AUDITOR, EdgeRole.ANY, ticket())
    assert holds(ASKER, EdgeRole.ANY, ticket())
    assert available(case(ticket(TicketStatus.PENDING), AUDITOR)) == ()


@pytest.mark.parametrize("by", [ANNA, ADMIN])
def test_who_resolved_does_not_review_and_this_binds_admins_too(by: Principal) -> None:
    resolved = ticket(TicketStatus.RESOLVED, resolved_by=by.actor)
    subject = case(resolved, by, workflow=SHIPPED["problem"])
    assert code_of(subject, AskedStep(to="closed")) == "forbidden_transition"


def test_a_withdrawn_workflow_refuses_people() -> None:
    withdrawn = read_workflow({"name": "w", "transitions": [{"from": "open", "to": "closed"}]})
    gone = Workflow(name="w", states=withdrawn.states, edges=withdrawn.edges, withdrawn=True)
    for workflow in (gone, None):
        subject = case(ticket(), ADMIN, workflow=workflow)
        assert code_of(subject, AskedStep(to="closed")) == "workflow_undeclared"
        assert available(subject) == ()


def test_a_state_that_is_gone_is_found_under_its_new_name_or_refused() -> None:
    waiting = ticket(TicketStatus.PENDING, state="planned")
    workflow = read_workflow(
        {
            "name": "w",
            "states": [{"name": "scheduled", "status": "pending"}],
            "transitions": [
                {"from": "open", "to": "scheduled"},
                {"from": "scheduled", "to": "closed"},
            ],
            "renamed": {"planned": "scheduled"},
        }
    )
    assert judge(case(waiting, ADMIN, workflow=workflow), AskedStep(to="closed"))
    lost = ticket(TicketStatus.PENDING, state="lost")
    assert code_of(case(lost, ADMIN, workflow=workflow), AskedStep(to="closed")) == (
        "state_undeclared"
    )


def test_what_is_missing_is_said_before_what_stands_against_it() -> None:
    carried_out = ticket(TicketStatus.IN_PROGRESS, state="implementing", assignee="u_anna")
    subject = case(carried_out, ANNA, workflow=SHIPPED["change"], live_children=2)
    assert code_of(subject, AskedStep(to="resolved")) == "missing_fields"
    full = AskedStep(to="resolved", resolution_note="done so", resolution="done")
    assert code_of(subject, full) == "children_open"
    assert available(subject) == ()
    assert code_of(subject, AskedStep(to="resolved", resolution_note="x", resolution="maybe")) == (
        "missing_fields"
    )


def test_a_newer_live_ticket_for_the_same_problem_stands_against_reopening() -> None:
    resolved = ticket(TicketStatus.RESOLVED)
    subject = case(resolved, ANNA, newer_live="tk_2")
    with pytest.raises(Conflict) as refused:
        judge(subject, AskedStep(to="in_progress"))
    assert refused.value.code == "newer_ticket_live"
    assert [offer.to for offer in available(subject)] == ["closed"]


def test_a_step_is_asked_for_by_state_by_status_or_by_name() -> None:
    investigating = ticket(TicketStatus.IN_PROGRESS, state="investigating", assignee="u_anna")
    subject = case(investigating, ANNA, workflow=SHIPPED["problem"])
    custom = {"root_cause": "a", "workaround": "b"}
    assert judge(subject, AskedStep(to="known_error", custom=custom)).edge.to == "known_error"
    assert judge(subject, AskedStep(to="pending", custom=custom)).edge.to == "known_error"
    assert judge(subject, AskedStep(name="known_error", custom=custom)).edge.to == "known_error"
    assert code_of(subject, AskedStep(name="nonsense")) == "forbidden_transition"


def test_a_new_ticket_follows_the_first_declared_workflow_of_its_type() -> None:
    book = SHIPPED_WORKFLOWS
    kinds = [(kind, book.for_new(kind, alerts=False).name) for kind in ("task", "change")]
    assert kinds == [("task", "default"), ("change", "change")]
    assert book.for_new("incident", alerts=True).name == "incident_response"
    assert book.for_new("incident", alerts=True, chosen="change").name == "incident_response"
    assert book.for_new("incident", alerts=False, chosen="problem").name == "problem"


def test_while_an_older_replica_may_run_new_tickets_follow_the_default_workflow() -> None:
    book = Workflows(named=SHIPPED, default_alone=True)
    assert book.for_new("incident", alerts=True).name == "default"
    assert book.for_new("change", alerts=False, chosen="change").name == "default"


def test_a_condition_sees_the_band_of_a_number_and_whole_numbers_without_a_fraction() -> None:
    bands = {"small": read_band("<1000"), "large": read_band(">=1000")}
    fields = {"cost": Field(name="cost", type=FieldType.NUMBER, bands=bands)}
    edges = [
        {"from": "open", "to": "in_progress", "role": "any", "when": '{custom.cost_band="small"}'},
        {"from": "open", "to": "pending", "role": "any", "when": '{custom.cost="5"}'},
    ]
    workflow = read_workflow({"name": "buying", "transitions": edges})

    def ways(custom: bytes) -> list[str]:
        subject = case(ticket(custom=custom), ANNA, workflow=workflow, fields=fields)
        return [offer.to for offer in available(subject)]

    assert ways(b'{"cost": 5.0}') == ["in_progress", "pending"]
    assert ways(b'{"cost": 999.5}') == ["in_progress"]
    assert ways(b'{"cost": 1000}') == ways(b"{}") == []
