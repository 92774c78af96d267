"""Tickets that have been resolved long enough are closed."""

from collections.abc import Sequence
from datetime import datetime

from gateway.events.routing import Route
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.working_set import load_working_set
from gateway.storage.postgres.statements import load
from gateway.tickets.change import close_by_system
from gateway.tickets.ticket import Ticket, TicketStatus

SQL = load("tickets")


class PostgresClosing:
    """For the worker that closes."""

    def __init__(self, database: Database, routes: Sequence[Route]) -> None:
        self._database = database
        self._routes = routes

    async def close_resolved(self, tenant: int, before: datetime, now: datetime, most: int) -> int:
        """Close tickets resolved by *before*; how many."""

        async def work(transaction: Transaction) -> int:
            driver = transaction.driver
            found = await driver.fetch(SQL["to_close"], tenant, before, most)
            ids = [row["id"] for row in found]
            rows = await load_working_set(driver, tenant, (), (), ids)
            closing = [one for one in rows.tickets.values() if _resolved_by(one, before)]
            for ticket in closing:
                rows.save(close_by_system(ticket, now))
            await self._database.save(transaction, rows, self._routes, now)
            return len(closing)

        return await self._database.retrying(tenant, work)


def _resolved_by(ticket: Ticket, moment: datetime) -> bool:
    """Looked at again under the lock: a ticket may have been reopened, and resolved anew."""
    is_resolved = ticket.status is TicketStatus.RESOLVED
    return is_resolved and ticket.resolved_at is not None and ticket.resolved_at <= moment
