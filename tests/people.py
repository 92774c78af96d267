"""What people do, through the one door, at moments that a test names."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from gateway.access.permission import Permission, Role
from gateway.access.principal import Principal
from gateway.alerts.rule import Rule
from gateway.changes.command import Command, Needs
from gateway.changes.perform import Answer
from gateway.desk.change_ticket import ChangeTicket, StepTicket
from gateway.desk.open_ticket import OpenTicketOfAlert
from gateway.desk.silence import EditSilence, EndSilence
from gateway.effects.working_set import WorkingSet
from gateway.events.routing import Route
from gateway.silences.change import begin_silence
from gateway.silences.silence import Silence
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.perform import Door
from gateway.storage.postgres.nouns.silences import PostgresSilences
from gateway.storage.postgres.workflows import TenantWorkflows
from gateway.tickets.change import open_ticket
from gateway.tickets.ticket import Ticket, TicketStatus


class SaveTicket(msgspec.Struct, frozen=True):
    """A ticket as a test has it."""

    permission: ClassVar[Permission] = Permission.TICKETS_CREATE
    answers: ClassVar[type] = Ticket

    ticket: Ticket
    comment: str

    def needs(self) -> Needs:
        return Needs()

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        rows.save(open_ticket(self.ticket, self.comment))
        return self.ticket


class SaveSilence(msgspec.Struct, frozen=True):
    """A silence as a test has it."""

    permission: ClassVar[Permission] = Permission.SILENCES_WRITE
    answers: ClassVar[type] = Silence

    silence: Silence

    def needs(self) -> Needs:
        return Needs()

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Silence:
        rows.save(begin_silence(self.silence, self.silence.author, None))
        return self.silence


class People:
    """Of any tenant; admins."""

    def __init__(
        self,
        database: Database,
        silences: PostgresSilences,
        routes: Sequence[Route],
        rule_named: Callable[[str], Rule],
        workflows: TenantWorkflows | None = None,
    ) -> None:
        self._moment = datetime.min.replace(tzinfo=UTC)
        self._door = Door(
            database, routes, rule_named, silences.refresh, lambda: self._moment, workflows
        )

    async def do(
        self, command: Command[WorkingSet, Answer], by: str, now: datetime, tenant: int = 1
    ) -> Answer:
        """At *now*. Calls side by side must name one moment."""
        self._moment = now
        return await self._door.perform(command, Principal(tenant, by, Role.ADMIN))

    async def create(self, tenant: int, ticket: Ticket, comment: str) -> Ticket:
        command = SaveTicket(ticket, comment)
        return await self.do(command, ticket.requester, ticket.created_at, tenant)

    async def edit(
        self,
        tenant: int,
        ticket_id: str,
        fields: Mapping[str, str],
        actor: str,
        now: datetime,
        version: int | None,
    ) -> Ticket:
        command = ChangeTicket(ticket_id=ticket_id, fields=fields, version=version)
        return await self.do(command, actor, now, tenant)

    async def step(
        self,
        tenant: int,
        ticket_id: str,
        to: TicketStatus,
        actor: str,
        now: datetime,
        comment: str,
        version: int | None,
    ) -> Ticket:
        command = StepTicket(ticket_id=ticket_id, to=to, comment=comment or "why", version=version)
        return await self.do(command, actor, now, tenant)

    async def of_alert(
        self, tenant: int, fingerprint: bytes, actor: str, now: datetime
    ) -> tuple[Ticket, bool]:
        return await self.do(OpenTicketOfAlert(fingerprint=fingerprint), actor, now, tenant)

    async def silence(self, tenant: int, silence: Silence) -> Silence:
        return await self.do(SaveSilence(silence), silence.author, silence.created_at, tenant)

    async def edit_silence(self, tenant: int, key: UUID, now: datetime, **changes: Any) -> Silence:
        return await self.do(EditSilence(silence_id=key, **changes), "anna", now, tenant)

    async def end_silence(self, tenant: int, key: UUID, now: datetime) -> Silence:
        return await self.do(EndSilence(silence_id=key), "anna", now, tenant)
