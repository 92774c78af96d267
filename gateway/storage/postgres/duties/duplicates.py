"""Duplicates whose original has ended."""

from dataclasses import dataclass
from datetime import datetime

from gateway.storage.postgres.duties.visits import Visits
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.statements import load
from gateway.upkeep.duplicates import EndDuplicates

SQL = load("duties/duplicates")
MOST = 200
"""Tickets in one transaction."""


@dataclass(frozen=True, slots=True)
class PostgresDuplicates:
    """See `DuplicateStore`."""

    visits: Visits
    most: int = MOST

    async def due(self) -> list[int]:
        """See `DuplicateStore`."""
        return await self.visits.due(SQL["due"])

    async def end(self, tenant: int, now: datetime) -> int:
        """See `DuplicateStore`."""

        async def find(transaction: Transaction) -> EndDuplicates | None:
            found = await transaction.driver.fetch(SQL["to_end"], tenant, self.most)
            duplicates = {row["id"]: row["duplicate_of"] for row in found}
            return EndDuplicates(duplicates) if duplicates else None

        piece = await self.visits.visit(tenant, now, find)
        return 0 if piece is None else len(piece.found)
