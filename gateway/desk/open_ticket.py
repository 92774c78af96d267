"""A person opens a ticket: one that no alert stands behind, or that of an alert's episode."""

from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.alerts.severity import Severity
from gateway.changes.command import Needs
from gateway.effects.person import ticket_by_person
from gateway.effects.working_set import WorkingSet
from gateway.ids import new_id
from gateway.tickets.change import open_ticket
from gateway.tickets.ticket import Ticket


class OpenTicket(msgspec.Struct, frozen=True, kw_only=True):
    """As a person describes it."""

    permission: ClassVar[Permission] = Permission.TICKETS_CREATE
    answers: ClassVar[type] = Ticket

    title: str
    description: str = ""
    priority: Severity = Severity.MEDIUM
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    assignee: str = ""
    assignee_group: str = ""

    def needs(self) -> Needs:
        """Nothing that exists."""
        return Needs()

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        """Open, requested by who asks."""
        ticket = Ticket(
            id=new_id("tk", now),
            title=self.title,
            description=self.description,
            priority=self.priority,
            labels=msgspec.json.encode(self.labels),
            assignee=self.assignee,
            assignee_group=self.assignee_group,
            requester=by.actor,
            created_at=now,
            updated_at=now,
        )
        rows.save(open_ticket(ticket))
        return ticket


class OpenTicketOfAlert(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket of an alert's episode, opened if it has none. The answer says whether it was."""

    permission: ClassVar[Permission] = Permission.TICKETS_CREATE
    answers: ClassVar[object] = tuple[Ticket, bool]

    fingerprint: bytes

    def needs(self) -> Needs:
        """The alert with its window, its ticket and that of its episode."""
        return Needs(alert=self.fingerprint)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> tuple[Ticket, bool]:
        """See `ticket_by_person`."""
        alert = rows.alerts[self.fingerprint]
        of_episode = alert.episode_ticket_id
        known = rows.tickets.get(of_episode) if of_episode else None
        return ticket_by_person(rows, alert, known, rows.rule_named(alert.rule), by.actor, now)
