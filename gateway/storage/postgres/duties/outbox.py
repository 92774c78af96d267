"""What waits in outboxes, and messages that wait for nobody."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from gateway.outbox.outbox import PendingMessages
from gateway.storage.postgres.duties.visits import Visits
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.statements import load

SQL = load("duties/outbox")


@dataclass(frozen=True, slots=True)
class PostgresPending:
    """See `PendingStore`."""

    visits: Visits

    async def pending(
        self, sinks: Collection[str], written_before: datetime
    ) -> list[PendingMessages]:
        """See `PendingStore`."""
        found = await self.visits.ask(SQL["pending"], list(sinks), written_before)
        return [PendingMessages(*row.values()) for row in found]

    async def abandon(
        self, tenant: int, sinks: Collection[str], written_before: datetime, error: str
    ) -> int:
        """See `PendingStore`."""
        work = partial(_abandon, sinks=list(sinks), written_before=written_before, error=error)
        return await self.visits.alone(tenant, work)


async def _abandon(
    transaction: Transaction, sinks: Sequence[str], written_before: datetime, error: str
) -> int:
    done: str = await transaction.driver.execute(
        SQL["abandon"], transaction.tenant, sinks, written_before, error
    )
    return int(done.removeprefix("UPDATE "))
