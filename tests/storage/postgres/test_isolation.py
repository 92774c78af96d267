"""Tenants do not see each other, whatever a query forgets; history stays as it was written."""

import asyncpg
import pytest
from sqlalchemy.dialects.postgresql import dialect

from gateway.storage.postgres.kernel.connect import WORKERS, connect
from gateway.storage.postgres.kernel.tables import metadata
from gateway.storage.postgres.queries.audit import broken_histories
from gateway.tickets.ticket import TicketStatus
from tests.world import World, at, firing

GLOBAL = {"tenants", "installation", "journal_progress", "schema_migrations"}


async def test_every_table_with_a_tenant_is_isolated_by_force(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch("""
        SELECT relname, relrowsecurity, relforcerowsecurity,
               EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid) AS has_policy
        FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    """)
    tables = {row["relname"]: row for row in rows if row["relname"] not in GLOBAL}
    assert {"alerts", "strands", "tickets", "history", "silences", "outbox"} <= tables.keys()
    for name, row in tables.items():
        assert row["relrowsecurity"] and row["relforcerowsecurity"] and row["has_policy"], name


async def test_every_unique_and_foreign_key_leads_with_the_tenant(
    owner: asyncpg.Connection,
) -> None:
    rows = await owner.fetch("""
        SELECT c.relname, i.indexrelid::regclass::text AS index,
               (SELECT attname FROM pg_attribute
                WHERE attrelid = c.oid AND attnum = i.indkey[0]) AS leading
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
    """)
    for row in rows:
        if row["relname"] not in GLOBAL:
            assert row["leading"] == "tenant_id", row["index"]
    keys = await owner.fetch("""
        SELECT conname, conrelid::regclass::text AS table_name,
               (SELECT attname FROM pg_attribute
                WHERE attrelid = conrelid AND attnum = conkey[1]) AS leading
        FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
    """)
    assert keys
    assert {row["leading"] for row in keys} == {"tenant_id"}


async def test_the_application_is_neither_owner_nor_privileged(database: str) -> None:
    connection = await connect(database, purpose=WORKERS)
    try:
        role = await connection.fetchrow("""
            SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, current_user AS name,
                   (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid) AS owns
            FROM pg_roles WHERE rolname = current_user
        """)
    finally:
        await connection.close()
    assert role["name"] == "gateway_app"
    assert not any(role[name] for name in ("rolsuper", "rolbypassrls", "rolcreaterole", "owns"))


async def test_no_row_of_another_tenant_is_seen_even_without_a_where_clause(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        await world.rows("INSERT INTO tenants (tenant_id, name) VALUES (2, 'other')")
    connection = await connect(database, purpose=WORKERS)
    try:
        for tenant, sees in (("1", True), ("2", False), ("", False)):
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.tenant', $1, true)", tenant)
                for table in ("alerts", "strands", "reports", "windows", "tickets", "history"):
                    found = await connection.fetchval(f"SELECT count(*) FROM {table}")
                    assert bool(found) is sees, (tenant, table)
        assert not await connection.fetchval("SELECT count(*) FROM tickets"), "no tenant is left"
    finally:
        await connection.close()


async def test_no_row_can_be_written_for_another_tenant(database: str) -> None:
    connection = await connect(database, purpose=WORKERS)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.tenant', '1', true)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(
                    "INSERT INTO sources (tenant_id, name, last_delivery_at, resumed_at)"
                    " VALUES (2, 'x', now(), now())"
                )
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE history SET actor = 'nobody'", "DELETE FROM history", "TRUNCATE history"],
)
async def test_the_application_cannot_change_history(database: str, statement: str) -> None:
    async with World(database) as world:
        await world.send(firing())
    connection = await connect(database, purpose=WORKERS)
    try:
        await connection.execute("SELECT set_config('app.tenant', '1', false)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE history SET actor = 'nobody' WHERE sequence = 2",
        "DELETE FROM history WHERE sequence = 2",
        "DELETE FROM history WHERE sequence = 3",
        "UPDATE history SET comment = 'x' WHERE sequence = 1",
    ],
)
async def test_what_a_superuser_changes_in_history_is_found(database: str, tampering: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        ticket = (await world.all_tickets())[0]["id"]
        steps = (TicketStatus.IN_PROGRESS, TicketStatus.PENDING)
        for minute, status in enumerate(steps, start=1):
            await world.people.step(1, ticket, status, "anna", at(minute), "", None)
        assert await broken_histories(world.database, 1) == []
        await world.rows("ALTER TABLE history DISABLE TRIGGER ALL")
        await world.rows(tampering)
        broken = await broken_histories(world.database, 1)
        assert [(one.kind, one.object_id) for one in broken] == [("ticket", ticket)]


async def test_the_mirror_of_the_schema_is_true(owner: asyncpg.Connection) -> None:
    for table in metadata.sorted_tables:
        rows = await owner.fetch(
            """
            SELECT attname AS name, format_type(atttypid, atttypmod) AS kind,
                   atthasdef OR NOT attnotnull AS may_be_left_out
            FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
            """,
            table.name,
        )
        assert {tuple(row) for row in rows} == {
            (
                column.name,
                column.type.compile(dialect()).lower(),
                column.server_default is not None,
            )
            for column in table.columns
        }, table.name
