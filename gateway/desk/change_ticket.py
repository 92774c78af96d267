"""A person changes a ticket: a step, plain fields, or both at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.desk.edit_ticket import edit_by_person
from gateway.desk.requests import check_edit_of_request
from gateway.effects.person import step_by_person
from gateway.effects.working_set import WorkingSet
from gateway.tickets.ticket import LIVE, Ticket, TicketStatus


class ChangeTicket(msgspec.Struct, frozen=True, kw_only=True):
    """*fields* as in `edit_ticket`; *to* None: no step. *version*: as the caller has seen it."""

    permission: ClassVar[Permission] = Permission.TICKETS_EDIT
    answers: ClassVar[type] = Ticket

    ticket_id: str
    fields: Mapping[str, Any] = msgspec.field(default_factory=dict)
    to: TicketStatus | None = None
    comment: str = ""
    version: int | None = None

    def needs(self) -> Needs:
        """A step quiets the ticket's alerts, or takes them up."""
        return _needs(self.ticket_id, self.to, self.version)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        """The step first: it may be refused, and then nothing is done."""
        check_edit_of_request(by, rows.tickets[self.ticket_id], self.fields)
        if self.to is not None:
            by.check(Permission.TICKETS_STEP, rows.tickets[self.ticket_id].project)
            step_by_person(rows, rows.tickets[self.ticket_id], self.to, by.actor, now, self.comment)
        return edit_by_person(rows, rows.tickets[self.ticket_id], self.fields, by.actor, now)


class StepTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A transition alone."""

    permission: ClassVar[Permission] = Permission.TICKETS_STEP
    answers: ClassVar[type] = Ticket

    ticket_id: str
    to: TicketStatus
    comment: str = ""
    version: int | None = None

    def needs(self) -> Needs:
        """The ticket's alerts follow it."""
        return _needs(self.ticket_id, self.to, self.version)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        """Raises Forbidden outside the workflow, Conflict against a newer live ticket."""
        ticket = rows.tickets[self.ticket_id]
        return step_by_person(rows, ticket, self.to, by.actor, now, self.comment)


def _needs(ticket_id: str, to: TicketStatus | None, version: int | None) -> Needs:
    """A step takes the ticket's alerts along."""
    follow, live = to is not None, to in LIVE
    return Needs(ticket=ticket_id, alerts_follow=follow, stays_live=live, version=version)
