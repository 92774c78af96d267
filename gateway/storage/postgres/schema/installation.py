"""What is the same for all processes of an installation: its secret seed and its tenants."""

import re

import asyncpg

from gateway.errors import Conflict, Refused
from gateway.storage.postgres.statements import load

SQL = load("installation")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
DEFAULT_TENANT = 1


async def read_seed(connection: asyncpg.Connection) -> bytes:
    """32 secret bytes, made once by the first migration: all identities hang on them."""
    return bytes(await connection.fetchval(SQL["seed"]))


async def read_tenants(connection: asyncpg.Connection) -> list[int]:
    """Every tenant's id, sorted."""
    return [row["tenant_id"] for row in await connection.fetch(SQL["tenants"])]


async def read_tenant_names(connection: asyncpg.Connection) -> dict[str, int]:
    """Every tenant's id by its name, in the order of the ids."""
    return {row["name"]: row["tenant_id"] for row in await connection.fetch(SQL["tenant_names"])}


async def create_tenant(connection: asyncpg.Connection, name: str) -> int:
    """The id of a new one. Raises Refused for what none is called, Conflict if it is there."""
    if not _NAME.fullmatch(name):
        raise Refused(
            f"{name!r} cannot be a tenant's name: it is 1 to 63 of a-z 0-9 _ -, a letter or a"
            " digit first"
        )
    async with connection.transaction():
        await connection.execute(SQL["lock_tenants"])
        number = await connection.fetchval(SQL["create_tenant"], name)
    if number is None:
        raise Conflict(f"there is a tenant {name} already: `alert-gateway tenant list` shows it")
    return int(number)
