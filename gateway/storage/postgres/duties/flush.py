"""What was held back in Redis, and the leases that hang on it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.effects.repeats import Held, ReportKey
from gateway.effects.working_set import WorkingSet
from gateway.storage.postgres.duties.visits import MOST, Visits
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.kernel.held import take_held
from gateway.storage.postgres.statements import load
from gateway.upkeep.flush import CreditHeld

SQL = load("duties/flush")


@dataclass(frozen=True, slots=True)
class PostgresFlush:
    """See `FlushStore`."""

    visits: Visits
    most: int = MOST

    async def heard_since(self, moment: datetime) -> list[int]:
        """See `FlushStore`."""
        return await self.visits.due(SQL["due"], moment)

    async def leased(self, tenant: int, now: datetime) -> list[ReportKey]:
        """See `FlushStore`."""
        found = await self.visits.look(tenant, SQL["leased_reports"], now, self.most)
        return [(tenant, row["strand"], row["source"]) for row in found]

    async def credit(self, tenant: int, held: Mapping[ReportKey, Held], now: datetime) -> None:
        """See `FlushStore`."""

        async def find(transaction: Transaction) -> CreditHeld:
            strands = list({strand for _, strand, _ in held})
            found = await transaction.driver.fetch(SQL["alerts_of_strands"], tenant, strands)
            return CreditHeld(held, {row["fingerprint"] for row in found})

        async def complete(
            transaction: Transaction, rows: WorkingSet, piece: CreditHeld
        ) -> CreditHeld:
            taken = await take_held(transaction.driver, tenant, piece.known(rows))
            return replace(piece, taken=taken)

        await self.visits.visit(tenant, now, find, complete)
