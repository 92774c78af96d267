"""A person opens a ticket: one that no alert stands behind, or that of an alert's episode."""

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.alerts.opening import Level, TicketType
from gateway.alerts.severity import Severity
from gateway.changes.command import Needs
from gateway.desk.requests import kind_of_request
from gateway.effects.tickets.person import ticket_by_person
from gateway.effects.working_set import WorkingSet
from gateway.errors import NotFound
from gateway.ids import new_id
from gateway.people.meant import meant, names_in
from gateway.tickets.change import open_ticket
from gateway.tickets.fields import check_custom
from gateway.tickets.priority import priority_in
from gateway.tickets.ticket import PriorityBy, Ticket
from gateway.tickets.visibility import sees


class OpenTicket(msgspec.Struct, frozen=True, kw_only=True):
    """As a person describes it. *priority* None: by the matrix; *type* None: an incident, or what
    a requester may ask for.
    """

    permission: ClassVar[Permission] = Permission.TICKETS_CREATE
    answers: ClassVar[type] = Ticket

    title: str
    description: str = ""
    type: TicketType | None = None
    severity: Severity = Severity.MEDIUM
    impact: Level | None = None
    urgency: Level | None = None
    priority: Severity | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    custom: dict[str, Any] = msgspec.field(default_factory=dict)
    assignee: str = ""
    assignee_group: str = ""
    project: str = ""

    def needs(self) -> Needs:
        """Whoever is to be its assignee."""
        return Needs(project=self.project, people=names_in((self.assignee,)))

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        """At the start of its workflow, requested by who asks. Raises InvalidCustom, Forbidden
        for what is more than a requester may say, and NotFound in a project that is closed to it.
        """
        kind = kind_of_request(by, self.type, self._given(), self.project)
        check_custom(rows.fields, kind, self.project, self.custom)
        weighed = priority_in(rows.matrix, self.severity, self.impact, self.urgency)
        workflow = rows.workflows.for_new(kind, alerts=False)
        start = workflow.states[workflow.start]
        ticket = Ticket(
            id=new_id("tk", now),
            title=self.title,
            description=self.description,
            type=kind,
            priority=self.priority or weighed,
            priority_by=PriorityBy.MATRIX if self.priority is None else PriorityBy.PERSON,
            severity=self.severity,
            impact=self.impact,
            urgency=self.urgency,
            labels=msgspec.json.encode(self.labels),
            custom=msgspec.json.encode(self.custom),
            assignee=meant(self.assignee, by, rows.people, "/assignee"),
            assignee_group=self.assignee_group,
            project=self.project,
            requester=by.actor,
            workflow=workflow.name,
            workflow_version=workflow.version,
            status=start.status,
            state=start.stored,
            created_at=now,
            updated_at=now,
        )
        if self.project and not sees(by, msgspec.structs.replace(ticket, requester="")):
            raise NotFound(f"no project {self.project}")
        rows.save(open_ticket(ticket))
        return ticket

    def _given(self) -> set[str]:
        """Fields that say something."""
        fields = msgspec.structs.asdict(self)
        return {name for name, value in fields.items() if value != getattr(_BLANK, name)}


_BLANK = OpenTicket(title="")


class OpenTicketOfAlert(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket of an alert's episode, opened if it has none. The answer says whether it was."""

    permission: ClassVar[Permission] = Permission.ALERTS_TRIAGE
    answers: ClassVar[object] = tuple[Ticket, bool]

    fingerprint: bytes

    def needs(self) -> Needs:
        """The alert with its window, its ticket and that of its episode."""
        return Needs(alert=self.fingerprint)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> tuple[Ticket, bool]:
        """See `ticket_by_person`. Raises NotFound for a ticket that *by* does not see."""
        alert = rows.alerts[self.fingerprint]
        of_episode = alert.episode_ticket_id
        known = rows.tickets.get(of_episode) if of_episode else None
        rule = rows.rule_named(alert.rule)
        ticket, opened = ticket_by_person(rows, alert, known, rule, by.actor, now)
        if not sees(by, ticket):
            raise NotFound("this alert has a ticket that is not to be seen")
        return ticket, opened
