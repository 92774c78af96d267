"""An admin puts a ticket whose state is declared no longer into one that is."""

from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.effects.tickets.person import step_by_person
from gateway.effects.working_set import WorkingSet
from gateway.errors import Conflict
from gateway.tickets.change import StepTo, apply_step
from gateway.tickets.ticket import ENDED, Ticket
from gateway.workflows.workflow import State, Workflow


class RelocateTicket(msgspec.Struct, frozen=True, kw_only=True):
    """Out of a state that the workflow has no longer; out of any other nobody is relocated."""

    permission: ClassVar[Permission] = Permission.TICKETS_RELOCATE
    answers: ClassVar[type] = Ticket

    ticket_id: str
    state: str
    comment: str
    version: int | None = None

    def needs(self) -> Needs:
        """Its alerts follow it, should it end by this."""
        return Needs(ticket=self.ticket_id, alerts_follow=True, version=self.version)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        """Raises Conflict if its state is declared, or the other one is not."""
        ticket = rows.tickets[self.ticket_id]
        by.check(self.permission, ticket.project)
        workflow = rows.workflows.of(ticket.workflow)
        if workflow is None or workflow.withdrawn:
            raise Conflict(
                f"the workflow {ticket.workflow} is not declared", code="workflow_undeclared"
            )
        state = _state(workflow, ticket, self.state)
        step = StepTo(
            status=state.status,
            state=state.stored,
            comment=self.comment,
            close_after=rows.workflows.closing_of(ticket.workflow),
            workflow_version=workflow.version,
        )
        return step_by_person(rows, apply_step(ticket, step, by.actor, now), now)


def _state(workflow: Workflow, ticket: Ticket, name: str) -> State:
    if workflow.state_at(ticket) is not None:
        raise Conflict(
            f"its state {ticket.place} is there: take a step out of it", code="state_declared"
        )
    state = workflow.states.get(name)
    if state is None or state.approval:
        raise Conflict(f"nothing is relocated to {name}", code="state_undeclared")
    if ticket.status in ENDED and state.status is not ticket.status:
        raise Conflict(f"it is {ticket.status}, and stays so", code="ticket_ended")
    return state
