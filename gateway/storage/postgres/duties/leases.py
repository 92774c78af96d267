"""Leases that run out, and alerts whose source was silent itself when theirs did."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.effects.working_set import WorkingSet
from gateway.storage.postgres.duties.visits import MOST, Visits
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.statements import load
from gateway.upkeep.leases import ConfirmEnds, EndLeases

SQL = load("duties/leases")


@dataclass(frozen=True, slots=True)
class PostgresLeases:
    """See `LeaseStore`."""

    visits: Visits
    most: int = MOST

    async def due(self, now: datetime) -> list[int]:
        """See `LeaseStore`."""
        return await self.visits.due(SQL["due"], now)

    async def end(self, tenant: int, now: datetime, up_since: datetime) -> int:
        """See `LeaseStore`."""

        async def find(transaction: Transaction) -> EndLeases | None:
            found = await transaction.driver.fetch(SQL["to_look_at"], tenant, now, self.most)
            if not found:
                return None
            leases = {row["strand"]: row["fingerprint"] for row in found}
            return EndLeases(leases, up_since)

        async def complete(transaction: Transaction, _: WorkingSet, piece: EndLeases) -> EndLeases:
            strands = list(piece.found)
            await transaction.driver.execute(SQL["postpone"], tenant, strands, now, up_since)
            return replace(piece, heard=await _heard(transaction, strands, now))

        piece = await self.visits.visit(tenant, now, find, complete)
        return 0 if piece is None else len(piece.found)

    async def confirm(self, tenant: int, now: datetime, after: bytes) -> bytes | None:
        """See `LeaseStore`."""

        async def find(transaction: Transaction) -> ConfirmEnds | None:
            found = await transaction.driver.fetch(SQL["unconfirmed"], tenant, after, self.most)
            alerts = [row["fingerprint"] for row in found]
            return ConfirmEnds(alerts) if alerts else None

        async def complete(
            transaction: Transaction, rows: WorkingSet, piece: ConfirmEnds
        ) -> ConfirmEnds:
            expired = [strand.strand for strand in rows.strands.values() if strand.expired]
            return replace(piece, heard=await _heard(transaction, expired, now))

        piece = await self.visits.visit(tenant, now, find, complete)
        return None if piece is None else piece.found[-1]


async def _heard(
    transaction: Transaction, strands: Collection[bytes], now: datetime
) -> dict[bytes, bool]:
    found = await transaction.driver.fetch(SQL["heard"], transaction.tenant, list(strands), now)
    return {row["strand"]: bool(row["heard"]) for row in found}
