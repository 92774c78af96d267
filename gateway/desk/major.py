"""A person makes an incident major, or says that it is so no more."""

from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.effects.tickets.edit import into_workflow
from gateway.effects.working_set import WorkingSet
from gateway.errors import Conflict
from gateway.tickets.major import declare_major, stand_down
from gateway.tickets.ticket import Ticket, TicketType
from gateway.workflows.workflow import MAJOR


class EscalateTicket(msgspec.Struct, frozen=True, kw_only=True):
    """Critical, and in the workflow for major incidents."""

    permission: ClassVar[Permission] = Permission.TICKETS_ESCALATE
    answers: ClassVar[type] = Ticket

    ticket_id: str
    comment: str = ""
    version: int | None = None

    def needs(self) -> Needs:
        """The ticket."""
        return Needs(ticket=self.ticket_id, version=self.version)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        """Raises Conflict for what is no incident, is not live, or is major already."""
        ticket = rows.tickets[self.ticket_id]
        by.check(self.permission, ticket.project)
        if ticket.type is not TicketType.INCIDENT:
            raise Conflict(f"it is a {ticket.type}, no incident", code="not_an_incident")
        if not ticket.live:
            raise Conflict(f"it is {ticket.status}: nobody works on it", code="not_live")
        if ticket.major:
            raise Conflict("it is major already", code="already_major")
        if rows.workflows.default_alone:
            raise Conflict(
                "a replica of a release before may run that knows no workflows: first run"
                " `alert-gateway migrate --finish`",
                code="rollout_unfinished",
            )
        to = into_workflow(rows.workflows, MAJOR, ticket)
        rows.save(declare_major(ticket, to, by.actor, now, self.comment))
        return rows.tickets[self.ticket_id]


class StandDown(msgspec.Struct, frozen=True, kw_only=True):
    """Back to the workflow that it had; the priority stays as it is."""

    permission: ClassVar[Permission] = Permission.TICKETS_ESCALATE
    answers: ClassVar[type] = Ticket

    ticket_id: str
    comment: str
    version: int | None = None

    def needs(self) -> Needs:
        """The ticket."""
        return Needs(ticket=self.ticket_id, version=self.version)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        """Raises Conflict for what is not major."""
        ticket = rows.tickets[self.ticket_id]
        by.check(self.permission, ticket.project)
        if not ticket.major:
            raise Conflict("it is not major", code="not_major")
        to = into_workflow(rows.workflows, ticket.workflow_before, ticket)
        rows.save(stand_down(ticket, to, by.actor, now, self.comment))
        return rows.tickets[self.ticket_id]
