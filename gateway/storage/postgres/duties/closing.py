"""Resolved tickets that are to be closed."""

from dataclasses import dataclass
from datetime import datetime

from gateway.storage.postgres.duties.visits import Visits
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.statements import load
from gateway.upkeep.closing import CloseTickets

SQL = load("duties/closing")
MOST = 200
"""Tickets in one transaction."""


@dataclass(frozen=True, slots=True)
class PostgresClosing:
    """See `ClosingStore`."""

    visits: Visits
    most: int = MOST

    async def due(self, now: datetime, before: datetime) -> list[int]:
        """See `ClosingStore`."""
        return await self.visits.due(SQL["due"], now, before)

    async def close(self, tenant: int, before: datetime, now: datetime) -> int:
        """See `ClosingStore`."""

        async def find(transaction: Transaction) -> CloseTickets | None:
            found = await transaction.driver.fetch(SQL["to_close"], tenant, now, before, self.most)
            ids = [row["id"] for row in found]
            return CloseTickets(ids, before) if ids else None

        piece = await self.visits.visit(tenant, now, find)
        return 0 if piece is None else len(piece.found)
