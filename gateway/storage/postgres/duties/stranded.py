"""Counts of live tickets in states that their workflow has not, tenant by tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.nouns.declarations import SQL as DECLARATIONS
from gateway.storage.postgres.nouns.declarations import TenantVersion
from gateway.storage.postgres.statements import load
from gateway.tickets.ticket import TicketStatus
from gateway.workflows.stranded import Stand, stranded
from gateway.workflows.workflow import Workflow

SQL = load("duties/stranded")


@dataclass(frozen=True, slots=True)
class PostgresStranded:
    """See `StrandedStore`."""

    database: Database

    async def tenants(self) -> Sequence[TenantVersion]:
        """All of them."""
        async with self.database.connected() as connection:
            found = (await connection.exec_driver_sql(DECLARATIONS["tenants"])).all()
        return [TenantVersion(*tuple(one)) for one in found]

    async def stranded(
        self, tenant: int, instead: Mapping[str, Workflow] = {}
    ) -> Mapping[str, int]:
        """By workflow; if those of *instead* were declared, by what these say."""
        async with self.database.tenant(tenant) as transaction:
            book = await self.database.book(transaction)
            rows = await transaction.driver.fetch(SQL["stands"], tenant)
        stands = [
            Stand(row["workflow"], TicketStatus(row["status"]), row["state"], row["tickets"])
            for row in rows
        ]
        return stranded(stands, {**book.workflows, **instead})
