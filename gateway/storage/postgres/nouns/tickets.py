"""What people do to tickets: each step is one transaction, with alerts, history and outbox."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from gateway.alerts.rule import Rule
from gateway.effects.announce import Route
from gateway.effects.person import step_by_person, ticket_by_person
from gateway.effects.working_set import WorkingSet
from gateway.errors import NotFound
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.working_set import RowsMoved, load_working_set
from gateway.storage.postgres.statements import load
from gateway.tickets.change import close_by_system, edit_ticket, open_ticket
from gateway.tickets.desk import StaleTicket
from gateway.tickets.ticket import Ticket, TicketStatus

SQL = load("tickets")


class PostgresTickets:
    """Changes of tickets. *rule_named* finds the configured rule, or the default one."""

    def __init__(
        self, database: Database, routes: Sequence[Route], rule_named: Callable[[str], Rule]
    ) -> None:
        self._database = database
        self._routes = routes
        self._rule_named = rule_named

    async def create(self, tenant: int, ticket: Ticket, comment: str) -> Ticket:
        """Save a new ticket that no alert stands behind."""

        async def work(transaction: Transaction) -> Ticket:
            rows = WorkingSet(tenant)
            rows.save(open_ticket(ticket, comment), ticket.created_at)
            rows.new_tickets.add(ticket.id)
            await self._save(transaction, rows, ticket.created_at)
            return rows.tickets[ticket.id]

        return await self._database.retrying(tenant, work)

    async def edit(
        self,
        tenant: int,
        ticket_id: str,
        fields: dict[str, str],
        actor: str,
        now: datetime,
        version: int | None,
    ) -> Ticket:
        """Change plain fields; raises NotFound, StaleTicket."""

        async def work(transaction: Transaction) -> Ticket:
            rows, ticket = await self._load(transaction, ticket_id, version)
            change = edit_ticket(ticket, fields, actor, now)
            if change is not None:
                rows.save(change, now)
                await self._save(transaction, rows, now)
            return rows.tickets[ticket_id]

        return await self._database.retrying(tenant, work)

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
        """A transition; raises NotFound, StaleTicket, Forbidden, Conflict (a newer one is live)."""

        async def work(transaction: Transaction) -> Ticket:
            keys = await self._keys_of(transaction, ticket_id)
            rows, ticket = await self._load(transaction, ticket_id, version, keys)
            if not await self._keys_of(transaction, ticket_id) <= keys:
                raise RowsMoved("an alert of the ticket has moved to another window")
            step_by_person(rows, ticket, to, actor, now, comment)
            await self._save(transaction, rows, now)
            return rows.tickets[ticket_id]

        return await self._database.retrying(tenant, work)

    async def of_alert(
        self, tenant: int, fingerprint: bytes, actor: str, now: datetime
    ) -> tuple[Ticket, bool]:
        """The ticket of an alert's episode; True if it was opened. Raises NotFound."""

        async def work(transaction: Transaction) -> tuple[Ticket, bool]:
            driver = transaction.driver
            place = await driver.fetchrow(SQL["place_of"], tenant, fingerprint)
            if place is None:
                raise NotFound(f"no alert {fingerprint.hex()}")
            of_episode: str | None = place["ticket_id"]
            tickets = [of_episode] if of_episode else []
            rows = await load_working_set(
                driver, tenant, [fingerprint], [place["merge_key"]], tickets
            )
            alert = rows.alerts[fingerprint]
            known = rows.tickets.get(of_episode) if of_episode else None
            rule = self._rule_named(alert.rule)
            ticket, opened = ticket_by_person(rows, alert, known, rule, actor, now)
            await self._save(transaction, rows, now)
            return rows.tickets[ticket.id], opened

        return await self._database.retrying(tenant, work)

    async def close_resolved(self, tenant: int, before: datetime, now: datetime, most: int) -> int:
        """Close tickets resolved by *before*; how many."""

        async def work(transaction: Transaction) -> int:
            driver = transaction.driver
            found = await driver.fetch(SQL["to_close"], tenant, before, most)
            ids = [row["id"] for row in found]
            rows = await load_working_set(driver, tenant, (), (), ids)
            closing = [one for one in rows.tickets.values() if _resolved_by(one, before)]
            for ticket in closing:
                rows.save(close_by_system(ticket, now), now)
            await self._save(transaction, rows, now)
            return len(closing)

        return await self._database.retrying(tenant, work)

    async def _load(
        self,
        transaction: Transaction,
        ticket_id: str,
        version: int | None,
        keys: Collection[bytes] = (),
    ) -> tuple[WorkingSet, Ticket]:
        driver, tenant = transaction.driver, transaction.tenant
        rows = await load_working_set(driver, tenant, (), keys, [ticket_id])
        ticket = rows.tickets.get(ticket_id)
        if ticket is None:
            raise NotFound(f"no ticket {ticket_id}")
        if version is not None and version != ticket.version:
            raise StaleTicket(f"the ticket is at version {ticket.version}, not {version}")
        return rows, ticket

    async def _keys_of(self, transaction: Transaction, ticket_id: str) -> set[bytes]:
        found = await transaction.driver.fetch(SQL["keys_of"], transaction.tenant, ticket_id)
        return {row["merge_key"] for row in found}

    async def _save(self, transaction: Transaction, rows: WorkingSet, now: datetime) -> None:
        await self._database.save(transaction, rows, self._routes, now)


def _resolved_by(ticket: Ticket, moment: datetime) -> bool:
    """Looked at again under the lock: a ticket may have been reopened, and resolved anew."""
    is_resolved = ticket.status is TicketStatus.RESOLVED
    return is_resolved and ticket.resolved_at is not None and ticket.resolved_at <= moment
