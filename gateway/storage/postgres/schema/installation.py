"""What is the same for all processes of an installation: its secret seed and its tenants."""

import asyncpg

from gateway.storage.postgres.statements import load

SQL = load("installation")
DEFAULT_TENANT = 1


async def read_seed(connection: asyncpg.Connection) -> bytes:
    """32 secret bytes, made once by the first migration: all identities hang on them."""
    return bytes(await connection.fetchval(SQL["seed"]))


async def read_tenants(connection: asyncpg.Connection) -> list[int]:
    """Every tenant's id, sorted."""
    return [row["tenant_id"] for row in await connection.fetch(SQL["tenants"])]


async def tenant_named(connection: asyncpg.Connection, name: str) -> int | None:
    """Its id; None: there is none of that name."""
    found: int | None = await connection.fetchval(SQL["tenant_named"], name)
    return found
