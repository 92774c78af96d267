"""What is long over is taken out: alerts with all their rows, messages, dead letters, keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from gateway.storage.postgres.duties.visits import MOST, Visits
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.statements import load
from gateway.upkeep.retention import Limits

SQL = load("duties/retention")


@dataclass(frozen=True, slots=True)
class PostgresRetention:
    """See `RetentionStore`."""

    visits: Visits
    most: int = MOST

    async def due(self, before: Limits) -> list[int]:
        """See `RetentionStore`."""
        return await self.visits.due(SQL["due"], *before)

    async def forget(self, tenant: int, before: Limits) -> int:
        """See `RetentionStore`."""
        return await self.visits.alone(tenant, partial(self._forget, before))

    async def _forget(self, before: Limits, transaction: Transaction) -> int:
        return max(
            await self._delete(transaction, "forget_outbox", before.letters),
            await self._delete(transaction, "forget_dead_letters", before.letters),
            await self._delete(transaction, "forget_keys", before.keys),
            await self._forget_alerts(transaction, before.alerts),
        )

    async def _delete(self, transaction: Transaction, statement: str, before: datetime) -> int:
        driver, tenant = transaction.driver, transaction.tenant
        gone: int = await driver.fetchval(SQL[statement], tenant, before, self.most)
        return gone

    async def _forget_alerts(self, transaction: Transaction, before: datetime) -> int:
        driver, tenant = transaction.driver, transaction.tenant
        gone: Sequence[bytes] = (
            await driver.fetchval(SQL["forget_alerts"], tenant, before, self.most) or ()
        )
        await driver.execute(SQL["forget_these_alerts"], tenant, list(gone))
        return len(gone)
