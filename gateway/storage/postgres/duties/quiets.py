"""Quiets that are over."""

from dataclasses import dataclass
from datetime import datetime

from gateway.silences.book import SilenceBook
from gateway.storage.postgres.duties.visits import MOST, Visits
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.statements import load
from gateway.upkeep.quiets import EndQuiets

SQL = load("duties/quiets")


@dataclass(frozen=True, slots=True)
class PostgresQuiets:
    """See `QuietStore`."""

    visits: Visits
    book: SilenceBook
    most: int = MOST

    async def due(self, now: datetime) -> list[int]:
        """See `QuietStore`."""
        return await self.visits.due(SQL["due"], now)

    async def end(self, tenant: int, now: datetime) -> int:
        """See `QuietStore`."""

        async def find(transaction: Transaction) -> EndQuiets | None:
            found = await transaction.driver.fetch(SQL["over"], tenant, now, self.most)
            alerts = [row["fingerprint"] for row in found]
            return EndQuiets(alerts, self.book.of(tenant)) if alerts else None

        piece = await self.visits.visit(tenant, now, find)
        return 0 if piece is None else len(piece.found)
