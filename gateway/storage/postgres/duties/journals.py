"""How far all journals have been applied."""

from dataclasses import dataclass
from datetime import datetime

from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.statements import load

SQL = load("duties/journals")


@dataclass(frozen=True, slots=True)
class PostgresJournals:
    """See `JournalPositions`."""

    database: Database

    async def drained_until(self, now: datetime) -> datetime:
        """See `JournalPositions`."""
        async with self.database.connected() as connection:
            found = await connection.exec_driver_sql(SQL["drained_until"], (now,))
            until: datetime = found.scalar_one()
            return until
