"""Short transactions of one tenant, for people and workers, with one error language."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.errors import Unavailable
from gateway.storage.postgres.connect import PostgresAway
from gateway.storage.postgres.failures import DRIVER_ERRORS, Failure, failure_of
from gateway.storage.postgres.statements import load
from gateway.storage.postgres.working_set import WindowsMoved

SQL = load("ledger")
_TRIES = 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One open transaction that sees one tenant's rows. *driver* is the same connection, bare."""

    tenant: int
    connection: AsyncConnection
    driver: asyncpg.Connection


class Database:
    """Where everything but the pipeline gets its transactions."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @asynccontextmanager
    async def tenant(self, tenant: int) -> AsyncIterator[Transaction]:
        """Commits at the end of the block. Raises Unavailable while PostgreSQL is away."""
        try:
            async with self.engine.begin() as connection:
                await connection.exec_driver_sql(SQL["enter_tenant"], (tenant,))
                raw = await connection.get_raw_connection()
                driver = raw.driver_connection
                assert driver is not None
                yield Transaction(tenant, connection, driver)
        except (SQLAlchemyError, *DRIVER_ERRORS) as error:
            if failure_of(error) is Failure.OUTAGE:
                raise PostgresAway("PostgreSQL cannot be reached") from error
            raise

    async def retrying(self, tenant: int, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run *work* in a transaction, again if it met another one: it must be repeatable."""
        for attempt in range(_TRIES):
            try:
                async with self.tenant(tenant) as transaction:
                    return await work(transaction)
            except WindowsMoved:
                continue
            except (SQLAlchemyError, asyncpg.PostgresError) as error:
                if failure_of(error) is not Failure.RETRY:
                    raise
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311
        raise Unavailable("too many others change the same rows; try again")
