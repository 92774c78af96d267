"""Steps through the one door: judged, edited and moved in one change; and what is not a step."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.desk.change_ticket import ChangeTicket, StepTicket
from gateway.desk.comment import AddComment
from gateway.desk.major import EscalateTicket, StandDown
from gateway.desk.open_ticket import OpenTicket
from gateway.desk.relocate import RelocateTicket
from gateway.errors import Conflict, Forbidden, GatewayError
from gateway.storage.postgres.kernel.perform import Door
from gateway.storage.postgres.workflows import TenantWorkflows
from gateway.tickets.fields import Field, FieldType, read_band
from gateway.tickets.ticket import Ticket, TicketType
from gateway.workflows.book import SHIPPED
from gateway.workflows.definition import read_workflow
from gateway.workflows.workflow import Workflow
from tests.world import World, at, firing, resolved

A, B = f"u_{1:026x}", f"u_{2:026x}"
"""Ids of Anna and Boris."""
ANNA = Principal(1, A, Role.OPERATOR, A)
BORIS = Principal(1, B, Role.OPERATOR, B)
ADMIN = Principal(1, "u_root", Role.ADMIN, "u_root")


@dataclass
class Desk:
    """A door whose workflows a test may change."""

    world: World
    named: Mapping[str, Workflow]

    def __post_init__(self) -> None:
        workflows = TenantWorkflows(timedelta(hours=1), lambda tenant: self.named)
        self.door = Door(self.world.database, workflows=workflows)

    async def do(self, command: Any, by: Principal = ANNA) -> Any:
        return await self.door.perform(command, by)

    async def refused(self, command: Any, by: Principal = ANNA) -> str:
        with pytest.raises(GatewayError) as error:
            await self.do(command, by)
        return error.value.code


async def desk(world: World) -> Desk:
    """Where Anna and Boris work."""
    for user, handle in ((A, "anna"), (B, "boris")):
        await world.rows(
            "INSERT INTO users (tenant_id, id, handle, created_at) VALUES (1, $1, $2, $3)",
            user, handle, at(0),
        )  # fmt: skip
    return Desk(world, SHIPPED)


async def opened(desk: Desk, by: Principal = ANNA, **more: Any) -> Ticket:
    ticket: Ticket = await desk.do(OpenTicket(title="Disks", **more), by)
    return ticket


async def test_a_patch_of_fields_and_a_status_is_one_change(database: str) -> None:
    async with World(database) as world:
        here = await desk(world)
        ticket = await opened(here)
        command = ChangeTicket(
            ticket_id=ticket.id,
            fields={"assignee": B, "title": "More disks"},
            to="resolved",
            resolution_note="bought some",
        )
        after = await here.do(command)
        assert (after.status, after.assignee, after.resolution_note) == (
            "resolved", B, "bought some",
        )  # fmt: skip
        assert (after.version, after.resolved_by) == (2, A)
        rows = await world.rows("SELECT field FROM history WHERE sequence > 1 ORDER BY sequence")
        assert [one["field"] for one in rows] == [
            "assignee", "title", "status", "resolution_note",
        ]  # fmt: skip


async def test_assigning_to_oneself_and_resolving_at_once_is_refused_on_anothers_ticket(
    database: str,
) -> None:
    async with World(database) as world:
        here = await desk(world)
        ticket = await opened(here, assignee=A)
        fields = {"assignee": B}
        both = ChangeTicket(ticket_id=ticket.id, fields=fields, to="resolved")
        assert await here.refused(both, BORIS) == "forbidden_transition"
        await here.do(ChangeTicket(ticket_id=ticket.id, fields=fields), BORIS)
        after = await here.do(StepTicket(ticket_id=ticket.id, to="resolved"), BORIS)
        assert after.resolved_by == B


async def test_who_takes_a_step_on_a_ticket_of_nobodys_becomes_its_assignee(database: str) -> None:
    async with World(database) as world:
        here = await desk(world)
        ticket = await opened(here)
        after = await here.do(StepTicket(ticket_id=ticket.id, action="in_progress"))
        assert (after.assignee, after.status, after.version) == (A, "in_progress", 2)
        back = await here.do(StepTicket(ticket_id=ticket.id, to="open"))
        assert (back.assignee, back.status) == ("", "open")


async def test_two_steps_at_once_make_one_move_and_one_entry(database: str) -> None:
    async with World(database) as world:
        here = await desk(world)
        ticket = await opened(here)
        step = StepTicket(ticket_id=ticket.id, to="in_progress", version=ticket.version)
        found = await asyncio.gather(here.do(step), here.do(step), return_exceptions=True)
        [refusal] = [one for one in found if isinstance(one, GatewayError)]
        assert refusal.code in ("stale_ticket", "forbidden_transition")
        entries = await world.rows("SELECT FROM history WHERE new = 'in_progress'")
        assert len(entries) == 1


async def test_a_comment_on_a_closed_ticket_reopens_nothing(database: str) -> None:
    async with World(database) as world:
        here = await desk(world)
        ticket = await opened(here)
        await here.do(StepTicket(ticket_id=ticket.id, to="resolved"))
        await here.do(StepTicket(ticket_id=ticket.id, to="closed"))
        await here.do(AddComment(ticket_id=ticket.id, body="thanks"))
        [row] = await world.all_tickets()
        assert row["status"] == "closed"


async def test_a_ticket_in_a_state_that_is_gone_can_be_relocated_and_nothing_else_moves_it(
    database: str,
) -> None:
    async with World(database) as world:
        here = await desk(world)
        ticket = await opened(here, type="problem")
        await here.do(StepTicket(ticket_id=ticket.id, to="investigating"))
        relocate = RelocateTicket(ticket_id=ticket.id, state="looking", comment="renamed")
        assert await here.refused(relocate, ADMIN) == "state_declared"
        here.named = {**SHIPPED, "problem": _problem_of_another_version()}
        assert await here.refused(StepTicket(ticket_id=ticket.id, to="looking")) == (
            "state_undeclared"
        )
        assert await here.refused(relocate, ANNA) == "missing_permission"
        lost = structs.replace(relocate, state="nowhere")
        assert await here.refused(lost, ADMIN) == "state_undeclared"
        after = await here.do(relocate, ADMIN)
        assert (after.status, after.state) == ("in_progress", "looking")
        [entry] = await world.rows("SELECT * FROM history WHERE new = 'looking'")
        assert (entry["field"], entry["old"], entry["actor"], entry["comment"]) == (
            "state", "investigating", "u_root", "renamed",
        )  # fmt: skip
        assert (await here.do(StepTicket(ticket_id=ticket.id, to="resolved"))).status == "resolved"


def _problem_of_another_version() -> Workflow:
    body = {
        "name": "problem",
        "types": ["problem"],
        "states": [{"name": "looking", "status": "in_progress"}],
        "transitions": [
            {"from": "open", "to": "looking"},
            {"from": "looking", "to": "resolved"},
        ],
    }
    return read_workflow(body, version=2)


async def test_a_withdrawn_workflow_refuses_people_and_lets_alerts_resolve(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        [row] = await world.all_tickets()
        assert row["workflow"] == "incident_response"
        gone = structs.replace(SHIPPED["incident_response"], withdrawn=True)
        here = await desk(world)
        here.named = {**SHIPPED, "incident_response": gone}
        step = StepTicket(ticket_id=row["id"], to="in_progress")
        assert await here.refused(step, ADMIN) == "workflow_undeclared"
        await here.do(ChangeTicket(ticket_id=row["id"], fields={"assignee": A}))
        world.now = at(5)
        await world.send(resolved(ended=5))
        [after] = await world.all_tickets()
        assert (after["status"], after["assignee"]) == ("resolved", A)


async def test_changing_the_type_never_leaves_a_state_the_new_workflow_lacks(
    database: str,
) -> None:
    async with World(database) as world:
        here = await desk(world)
        ticket = await opened(here)
        taken = await here.do(StepTicket(ticket_id=ticket.id, to="in_progress"))
        assert taken.state is None
        problem = await here.do(ChangeTicket(ticket_id=ticket.id, fields={"type": "problem"}))
        assert (problem.workflow, problem.state) == ("problem", "investigating")
        assert (problem.status, problem.version) == ("in_progress", 3)
        command = ChangeTicket(ticket_id=ticket.id, fields={"type": "incident"})
        incident = await here.do(command)
        assert (incident.workflow, incident.state) == ("incident_response", None)
        both = ChangeTicket(ticket_id=ticket.id, fields={"type": "problem"}, to="resolved")
        assert await here.refused(both) == "invalid_request"
        nowhere = ChangeTicket(ticket_id=(await opened(here)).id, fields={"type": "requirement"})
        moved = await here.do(nowhere)
        assert (moved.workflow, moved.state) == ("requirement", "pending_review")
        resolved = await opened(here)
        await here.do(StepTicket(ticket_id=resolved.id, to="resolved"))
        lacking = ChangeTicket(ticket_id=resolved.id, fields={"type": "requirement"})
        assert await here.refused(lacking) == "state_undeclared"


async def test_escalating_makes_an_incident_critical_and_standing_down_keeps_that(
    database: str,
) -> None:
    async with World(database) as world:
        here = await desk(world)
        ticket = await opened(here)
        major = await here.do(EscalateTicket(ticket_id=ticket.id, comment="all are down"))
        assert (major.major, major.priority, major.workflow, major.workflow_before) == (
            True, "critical", "major_incident", "incident_response",
        )  # fmt: skip
        assert await here.refused(EscalateTicket(ticket_id=ticket.id)) == "already_major"
        down = await here.do(StandDown(ticket_id=ticket.id, comment="half is back"))
        assert (down.major, down.priority, down.workflow, down.workflow_before) == (
            False, "critical", "incident_response", "",
        )  # fmt: skip
        again = StandDown(ticket_id=ticket.id, comment="again")
        assert await here.refused(again) == "not_major"
        rows = await world.rows("SELECT field, new, comment FROM history ORDER BY sequence")
        assert [(one["field"], one["new"]) for one in rows[1:4]] == [
            ("major", "true"), ("priority", "critical"), ("workflow", "major_incident"),
        ]  # fmt: skip
        assert [one["comment"] for one in rows if one["comment"]] == [
            "all are down",
            "half is back",
        ]


async def test_only_live_incidents_are_made_major(database: str) -> None:
    async with World(database) as world:
        here = await desk(world)
        task = await opened(here, type="task")
        assert await here.refused(EscalateTicket(ticket_id=task.id)) == "not_an_incident"
        over = await opened(here)
        await here.do(StepTicket(ticket_id=over.id, to="resolved"))
        assert await here.refused(EscalateTicket(ticket_id=over.id)) == "not_live"


async def test_a_major_ticket_is_never_resolved_by_the_system(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        [row] = await world.all_tickets()
        await (await desk(world)).do(EscalateTicket(ticket_id=row["id"]))
        world.now = at(5)
        await world.send(resolved(ended=5))
        [after] = await world.all_tickets()
        assert (after["status"], after["firing"]) == ("open", 0)


async def test_who_submitted_a_review_does_not_publish_it(database: str) -> None:
    async with World(database) as world:
        here = await desk(world)
        ticket = await opened(here, type="review", assignee=A)
        assert (ticket.status, ticket.state) == ("open", "draft")
        await here.do(StepTicket(ticket_id=ticket.id, to="in_review"))
        publish = StepTicket(ticket_id=ticket.id, to="published")
        with pytest.raises(Forbidden):
            await here.do(publish, ANNA)
        assert (await here.do(publish, BORIS)).status == "closed"


async def test_while_an_older_replica_may_run_tickets_follow_the_default_workflow(
    database: str,
) -> None:
    async with World(database) as world:
        await world.rows("UPDATE installation SET finished_release = 11")
        here = await desk(world)
        ticket = await opened(here, type="problem")
        assert (ticket.workflow, ticket.status) == ("default", "open")
        with pytest.raises(Conflict) as refused:
            await here.do(EscalateTicket(ticket_id=(await opened(here)).id))
        assert refused.value.code == "rollout_unfinished"


async def test_a_step_is_judged_with_the_bands_of_declared_numbers(database: str) -> None:
    fields = {"cost": Field(name="cost", type=FieldType.NUMBER, bands={"low": read_band("<9")})}
    edge = {"from": "open", "to": "in_progress", "role": "any", "when": '{custom.cost_band="low"}'}
    buying = read_workflow({"name": "buying", "types": ["task"], "transitions": [edge]})
    async with World(database) as world:
        here = await desk(world)
        workflows = TenantWorkflows(
            timedelta(hours=1), lambda tenant: {**SHIPPED, "buying": buying}, lambda tenant: fields
        )
        here.door = Door(world.database, workflows=workflows)
        ticket = await opened(here, type=TicketType.TASK)
        step = StepTicket(ticket_id=ticket.id, to="in_progress")
        assert await here.refused(step) == "forbidden_transition"
        await world.rows("UPDATE tickets SET custom = '{\"cost\": 8}'")
        assert (await here.do(step)).status == "in_progress"


async def test_who_only_asks_says_with_a_step_no_custom_field_but_those_that_it_requires(
    database: str,
) -> None:
    rita = Principal(1, B, Role.REQUESTER, B)
    edges = [
        {"from": "open", "to": "pending", "role": "requester", "require": ["custom.plan"]},
        {"from": "pending", "to": "open", "role": "requester"},
    ]
    asking = read_workflow({"name": "asking", "types": ["change"], "transitions": edges})
    async with World(database) as world:
        here = await desk(world)
        here.named = {"asking": asking, **SHIPPED}
        ticket = await opened(here, type=TicketType.CHANGE)
        await world.rows("UPDATE tickets SET requester = $1", B)

        def step(to: str, **custom: str) -> StepTicket:
            return StepTicket(ticket_id=ticket.id, to=to, custom=custom)

        assert await here.refused(step("pending", plan="x", risk="low"), rita) == "requester_limits"
        assert json.loads((await here.do(step("pending", plan="x"), rita)).custom) == {"plan": "x"}
        assert await here.refused(step("open", plan="y"), rita) == "requester_limits"
        assert (await here.do(step("open", plan="y"), ADMIN)).status == "open"
