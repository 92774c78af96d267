"""Writes what binds tickets: part of the one end of every transaction."""

from typing import Any

import asyncpg

from gateway.links.bindings import Bindings
from gateway.storage.postgres.kernel import rows as row
from gateway.storage.postgres.kernel.stored import Stored
from gateway.storage.postgres.statements import load

SQL = load("links")


async def save_bound(connection: asyncpg.Connection, tenant: int, bound: Bindings) -> None:
    """What is gone first: a link may be replaced by another."""
    for stored, gone, statement in (
        (row.TICKET_LINKS, bound.gone_links, "remove_links"),
        (row.REFERENCES, bound.gone_references, "remove_references"),
        (row.WATCHERS, bound.gone_watchers, "remove_watchers"),
    ):
        if gone:
            await connection.execute(SQL[statement], tenant, *row.arrays(gone, stored.key))
    await _insert(connection, tenant, row.TICKET_LINKS, bound.new_links)
    await _insert(connection, tenant, row.REFERENCES, bound.new_references)
    await _insert(connection, tenant, row.WATCHERS, bound.new_watchers)


async def _insert(
    connection: asyncpg.Connection, tenant: int, stored: Stored[Any], new: list[Any]
) -> None:
    if new:
        await connection.execute(*stored.insert(tenant, new))
