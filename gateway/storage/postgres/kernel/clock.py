"""Asks of all tenants at once, as a role that may: `gateway_clock`, which of them have something
due, and `gateway_door`, which tokens are senders'.

Row-level security shows `gateway_app` one tenant at a time. These roles see rows of all, but of
them only some columns, and can change nothing: see `0009_due.sql` and `0011_people.sql`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy.exc import DBAPIError

from gateway.errors import Unavailable
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.failures import is_retryable
from gateway.storage.postgres.statements import load

SQL = load("clock")
_NO_ROLE, _NO_RIGHT, _NO_TABLE, _NO_COLUMN = "22023", "42501", "42P01", "42703"


@dataclass(eq=False)
class RoleMissing(Unavailable):
    """The role is not there, or may not read what is asked for: the schema is an older one."""

    code: str = "schema_too_old"


async def ask_clock(database: Database, question: str, *arguments: object) -> list[asyncpg.Record]:
    """The answer to one statement, in a transaction of its own.

    Raises Unavailable while PostgreSQL is away, or too busy to answer.
    """
    async with asking_as("clock", database) as driver:
        found: list[asyncpg.Record] = await driver.fetch(question, *arguments)
        return found


@asynccontextmanager
async def asking_as(role: str, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A transaction as the role `gateway_`*role*, which is left at its end.

    Raises Unavailable while PostgreSQL is away, or too busy to answer.
    """
    try:
        async with database.connected() as connection:
            await connection.exec_driver_sql(SQL[f"become_{role}"])
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            yield driver
    except (DBAPIError, asyncpg.PostgresError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if getattr(cause, "sqlstate", None) in (_NO_ROLE, _NO_RIGHT, _NO_TABLE, _NO_COLUMN):
            raise RoleMissing(
                f"gateway_{role} cannot be asked: run `alert-gateway migrate` ({cause})"
            ) from error
        if is_retryable(error):
            raise Unavailable(f"PostgreSQL did not answer: {cause}") from error
        raise
