"""Asks of all tenants at once, as the role `gateway_clock`: which of them have something due.

Row-level security shows `gateway_app` one tenant at a time. `gateway_clock` sees those of all, but
of a row only the columns that say when it is due, and can change nothing: see `0009_due.sql`.
"""

from dataclasses import dataclass

import asyncpg
from sqlalchemy.exc import DBAPIError

from gateway.errors import Unavailable
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.failures import is_retryable
from gateway.storage.postgres.statements import load

SQL = load("clock")
_NO_ROLE, _NO_RIGHT = "22023", "42501"


@dataclass(eq=False)
class ClockMissing(Unavailable):
    """The role is not there, or may not read what is asked for: the schema is an older one."""

    code: str = "schema_too_old"


async def ask_clock(database: Database, question: str, *arguments: object) -> list[asyncpg.Record]:
    """The answer to one statement, in a transaction of its own: the role is left at its end.

    Raises Unavailable while PostgreSQL is away, or too busy to answer.
    """
    try:
        return await _ask(database, question, *arguments)
    except (DBAPIError, asyncpg.PostgresError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if getattr(cause, "sqlstate", None) in (_NO_ROLE, _NO_RIGHT):
            raise ClockMissing(
                f"gateway_clock cannot be asked: run `alert-gateway migrate` ({cause})"
            ) from error
        if is_retryable(error):
            raise Unavailable(f"PostgreSQL did not answer: {cause}") from error
        raise


async def _ask(database: Database, question: str, *arguments: object) -> list[asyncpg.Record]:
    async with database.connected() as connection:
        await connection.exec_driver_sql(SQL["become_clock"])
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        found: list[asyncpg.Record] = await driver.fetch(question, *arguments)
        return found
