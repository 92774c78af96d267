"""Tokens and users as they are now: in each request's own transaction, and remembered nowhere.

The token first, when no tenant is known: a policy shows the one row whose id was presented. Then,
in its tenant, the user: disabled ones would be invisible before, and so taken for enabled.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import asyncpg

from gateway.access.permission import ProjectRole, Role, strongest
from gateway.access.principal import Principal
from gateway.access.token import Presented, is_same
from gateway.errors import Forbidden
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.statements import load

SQL, LEDGER_SQL = load("access"), load("ledger")
AT_ONCE = 2
"""Look-ups of one process: whoever presents tokens that are none leaves connections to others."""


class LookUp:
    """See `Callers`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def of_token(self, presented: Presented) -> Principal | None:
        """See `Callers`. Raises Unavailable while PostgreSQL is away."""
        async with self._turns, self._database.connected() as connection:
            await connection.exec_driver_sql(SQL["present"], (presented.id,))
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            rows = await driver.fetch(SQL["token"], presented.id)
            row = next((one for one in rows if is_same(presented.digest, one["hash"])), None)
            return None if row is None else await _holder(driver, row, presented.id)

    async def of_handle(self, tenant: int, handle: str) -> Principal | None:
        """See `Callers`. Handles are lower case."""
        async with self._turns, self._database.tenant(tenant) as transaction:
            driver = transaction.driver
            user = await driver.fetchrow(SQL["user"], tenant, None, handle.lower())
            if user is None:
                return None
            if user["disabled"]:
                raise Forbidden("this user is disabled", code="user_disabled")
            return replace(await _person(driver, tenant, user), role=Role.ADMIN)


async def _holder(
    driver: asyncpg.Connection, token: asyncpg.Record, token_id: str
) -> Principal | None:
    tenant = token["tenant_id"]
    await driver.execute(LEDGER_SQL["enter_tenant"], tenant)
    if token["user_id"] is None:
        role, closed = strongest([token["role"]]), await _closed(driver, tenant)
        return Principal(tenant, token_id, role, source=token["source"], closed=closed)
    user = await driver.fetchrow(SQL["user"], tenant, token["user_id"], None)
    if user is None or user["disabled"]:
        return None
    return await _person(driver, tenant, user)


async def _person(driver: asyncpg.Connection, tenant: int, user: asyncpg.Record) -> Principal:
    granted = await driver.fetch(SQL["grants"], tenant, user["id"], user["groups"])
    return Principal(
        tenant,
        user["id"],
        strongest(one["role"] for one in granted if not one["project"]),
        user=user["id"],
        groups=frozenset(user["groups"]),
        projects=_project_roles(granted),
        closed=await _closed(driver, tenant),
    )


async def _closed(driver: asyncpg.Connection, tenant: int) -> frozenset[str]:
    return frozenset(row["name"] for row in await driver.fetch(SQL["closed"], tenant))


def _project_roles(granted: Sequence[asyncpg.Record]) -> dict[str, ProjectRole]:
    """The strongest in each; what a later release has called a role is none."""
    held: dict[str, ProjectRole] = {}
    for role in ProjectRole:  # the weakest first
        held |= {one["project"]: role for one in granted if one["project"] and one["role"] == role}
    return held
