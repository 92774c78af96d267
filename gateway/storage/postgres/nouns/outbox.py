"""The outbox in PostgreSQL: rows are claimed by lease, so any number of relays may work."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.outbox.message import Message
from gateway.outbox.outbox import Claimed
from gateway.storage.postgres.kernel.clock import ask_clock
from gateway.storage.postgres.kernel.connect import PostgresAway
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.failures import Failure, failure_of
from gateway.storage.postgres.statements import load

SQL = load("outbox")
MAX_ERROR_CHARACTERS = 500


class PostgresOutbox:
    """Each call is one short transaction of one tenant. See `Outbox`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def due(self, sink: str, now: datetime) -> Sequence[int]:
        found = await ask_clock(Database(self._engine), SQL["due"], sink, now)
        return [row["tenant_id"] for row in found]

    async def claim(
        self, tenant: int, sink: str, limit: int, now: datetime, lease: timedelta
    ) -> Sequence[Claimed]:
        async with self._tenant(tenant) as transaction:
            rows = await transaction.run("claim", sink, limit, now, now + lease)
        return [
            Claimed(
                Message(
                    id=row.id,
                    tenant=tenant,
                    sink=row.sink,
                    type=row.type,
                    subject=row.subject,
                    payload=orjson.loads(row.payload),
                    created_at=row.created_at,
                ),
                attempts=row.attempts,
            )
            for row in rows
        ]

    async def delivered(self, claimed: Claimed, now: datetime) -> None:
        async with self._tenant(claimed.message.tenant) as transaction:
            await transaction.run("delivered", claimed.message.id, now)

    async def postpone(self, claimed: Claimed, at: datetime, error: str) -> None:
        message, told = claimed.message, error[:MAX_ERROR_CHARACTERS]
        async with self._tenant(message.tenant) as transaction:
            await transaction.run("postpone", message.id, claimed.attempts, at, told)

    async def give_up(self, claimed: Claimed, error: str) -> None:
        message, told = claimed.message, error[:MAX_ERROR_CHARACTERS]
        async with self._tenant(message.tenant) as transaction:
            await transaction.run("give_up", message.id, claimed.attempts, told)

    @asynccontextmanager
    async def _tenant(self, tenant: int) -> AsyncIterator["_Transaction"]:
        try:
            async with self._engine.begin() as connection:
                await connection.exec_driver_sql(SQL["enter_tenant"], (str(tenant),))
                yield _Transaction(connection, tenant)
        except (SQLAlchemyError, OSError) as error:
            if failure_of(error) not in (Failure.OUTAGE, Failure.RETRY):
                raise
            raise PostgresAway(f"the outbox cannot be reached: {_cause_of(error)}") from error


class _Transaction:
    """Runs statements of `outbox.sql`, whose first parameter is the tenant."""

    def __init__(self, connection: AsyncConnection, tenant: int) -> None:
        self._connection = connection
        self._tenant = tenant

    async def run(self, name: str, *arguments: object) -> CursorResult[*tuple[Any, ...]]:
        return await self._connection.exec_driver_sql(SQL[name], (self._tenant, *arguments))


def _cause_of(error: Exception) -> str:
    """Without the statement and its values, which SQLAlchemy's own text repeats."""
    return type(getattr(error, "orig", None) or error).__name__
