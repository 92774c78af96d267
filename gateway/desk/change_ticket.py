"""A person changes a ticket: a step, plain fields, or both at once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.desk.requests import check_edit_of_request
from gateway.effects.tickets.edit import checked_edit
from gateway.effects.tickets.step import take_step
from gateway.effects.working_set import WorkingSet
from gateway.people.meant import meant, names_in, with_assignee
from gateway.tickets.ticket import LIVE, Ticket
from gateway.workflows.judge import AskedStep


class ChangeTicket(msgspec.Struct, frozen=True, kw_only=True):
    """*fields* as in `edit_ticket`; *to*: a state or a status, empty: no step. *version*: as the
    caller has seen it.
    """

    permission: ClassVar[Permission] = Permission.TICKETS_EDIT
    answers: ClassVar[type] = Ticket

    ticket_id: str
    fields: Mapping[str, Any] = msgspec.field(default_factory=dict)
    to: str = ""
    comment: str = ""
    resolution: str = ""
    resolution_note: str = ""
    version: int | None = None

    def needs(self) -> Needs:
        """A step quiets the ticket's alerts, or takes them up."""
        named = names_in(self.fields[one] for one in ("assignee",) if one in self.fields)
        if not self.to:
            return Needs(ticket=self.ticket_id, version=self.version, people=named)
        return replace(_needs(self.ticket_id, self.to, self.version), people=named)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        """One change: judged on the ticket as it was, then edited, then moved."""
        ticket = rows.tickets[self.ticket_id]
        check_edit_of_request(by, ticket, self.fields)
        fields = with_assignee(self.fields, by, rows.people)
        if not self.to:
            change = checked_edit(rows, ticket, fields, by.actor, now)
            if change is not None:
                rows.save(change)
            return rows.tickets[self.ticket_id]
        by.check(Permission.TICKETS_STEP, ticket.project)
        asked = AskedStep(
            to=self.to,
            comment=self.comment,
            resolution=self.resolution,
            resolution_note=self.resolution_note,
            assignee=fields.get("assignee"),
            custom=fields.get("custom", {}),
        )
        return take_step(rows, self.ticket_id, asked, by, now, fields)


class StepTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A transition alone: *to* a state or a status, or by the *action*'s name."""

    permission: ClassVar[Permission] = Permission.TICKETS_STEP
    answers: ClassVar[type] = Ticket

    ticket_id: str
    to: str = ""
    action: str = ""
    comment: str = ""
    resolution: str = ""
    resolution_note: str = ""
    assignee: str | None = None
    custom: Mapping[str, Any] = msgspec.field(default_factory=dict)
    version: int | None = None

    def needs(self) -> Needs:
        """The ticket's alerts follow it."""
        named = names_in((self.assignee or "",))
        return replace(_needs(self.ticket_id, self.to, self.version), people=named)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        """Raises Forbidden outside the workflow, Conflict against a newer live ticket."""
        assignee = self.assignee
        if assignee is not None:
            by.check(Permission.TICKETS_ASSIGN, rows.tickets[self.ticket_id].project)
            assignee = meant(assignee, by, rows.people, "/assignee")
        asked = AskedStep(
            to=self.to,
            name=self.action,
            comment=self.comment,
            resolution=self.resolution,
            resolution_note=self.resolution_note,
            assignee=assignee,
            custom=self.custom,
        )
        given = {"custom": self.custom} if self.custom else {}
        return take_step(rows, self.ticket_id, asked, by, now, given)


def _needs(ticket_id: str, to: str, version: int | None) -> Needs:
    """A step takes the ticket's alerts along; one that may end it, its duplicates. A step's name
    does not say where it leads.
    """
    return Needs(
        ticket=ticket_id,
        alerts_follow=True,
        stays_live=to in LIVE,
        duplicates=to not in LIVE,
        children=to not in LIVE,
        version=version,
    )
