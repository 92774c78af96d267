"""The role in which duties ask of all tenants: it learns that something is due, and not what."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files

import asyncpg
import pytest

from gateway.errors import Unavailable
from gateway.storage.postgres.duties import (
    census,
    closing,
    duplicates,
    flush,
    leases,
    outbox,
    quiets,
    retention,
    silences,
)
from gateway.storage.postgres.kernel.clock import ask_clock
from gateway.storage.postgres.kernel.connect import WORKERS, connect, create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.nouns import outbox as messages
from tests.world import START, World, firing

SEES = {
    "tenants": {"tenant_id", "silence_version"},
    "alerts": {
        "tenant_id", "status", "unconfirmed", "quiet_until", "first_seen", "ends_at",
    },
    "strands": {"tenant_id", "lease_check_at"},
    "sources": {"tenant_id", "last_delivery_at"},
    "tickets": {"tenant_id", "id", "status", "priority", "resolved_at", "close_at",
                "workflow", "duplicate_of"},
    "silences": {"tenant_id", "ends_at", "settled_at"},
    "outbox": {"tenant_id", "sink", "state", "created_at", "next_at", "claimed_until"},
    "dead_letters": {"tenant_id", "last_seen"},
    "idempotency": {"tenant_id", "at"},
}  # fmt: skip

QUESTIONS = {
    "leases": (leases.SQL["due"], START),
    "flush": (flush.SQL["due"], START),
    "quiets": (quiets.SQL["due"], START),
    "silences": (silences.SQL["due"], START),
    "closing": (closing.SQL["due"], START, START),
    "duplicates": (duplicates.SQL["due"],),
    "retention": (retention.SQL["due"], START, START, START),
    "census": (census.SQL["standing"],),
    "outbox": (outbox.SQL["pending"], ["hook"], START),
    "relay": (messages.SQL["due"], "hook", START),
}
INDEXES = {
    "leases": {"strands_leased", "alerts_unconfirmed"},
    "flush": {"sources_pkey"},
    "quiets": {"alerts_quiet"},
    "silences": {"silences_unsettled"},
    "closing": {"tickets_close", "tickets_to_close"},
    "duplicates": {"tickets_duplicates_to_end", "tickets_pkey"},
    "retention": {"alerts_by_age", "outbox_over", "dead_letters_by_age", "idempotency_at"},
    "census": {"tickets_live", "alerts_firing"},
    "outbox": {"outbox_pending"},
    "relay": {"outbox_(?:due|pending)"},  # whichever is smaller: both hold what waits alone
}


@pytest.fixture
async def clock(database: str) -> AsyncIterator[asyncpg.Connection]:
    """The application's connection, in the role of the clock."""
    connection = await connect(database, purpose=WORKERS)
    await connection.execute("SET ROLE gateway_clock")
    yield connection
    await connection.close()


async def test_the_clock_may_read_when_things_are_due_and_nothing_else(
    owner: asyncpg.Connection,
) -> None:
    columns = await owner.fetch("""
        SELECT relname, array_agg(attname::text) AS names
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
          AND relname <> 'schema_migrations'
          AND has_column_privilege('gateway_clock', attrelid, attnum, 'SELECT') GROUP BY relname
    """)
    assert {row["relname"]: set(row["names"]) for row in columns} == SEES
    may_change = await owner.fetch("""
        SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
          AND (has_any_column_privilege('gateway_clock', attrelid, 'INSERT, UPDATE, REFERENCES')
               OR has_table_privilege('gateway_clock', attrelid, 'DELETE, TRUNCATE, TRIGGER'))
    """)
    assert may_change == []


async def test_the_clock_sees_every_tenants_rows_but_neither_labels_nor_titles(
    database: str, owner: asyncpg.Connection, clock: asyncpg.Connection
) -> None:
    await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES (2, 'other')")
    async with World(database) as one, World(database, tenant=2, journal="other") as other:
        await one.send(firing())
        await other.send(firing())
    for table in ("alerts", "strands", "tickets", "sources"):
        assert await clock.fetch(f"SELECT tenant_id FROM {table} ORDER BY 1") == [(1,), (2,)]
    for secret in (
        "SELECT labels FROM alerts", "SELECT labels FROM strands", "SELECT title FROM tickets",
        "SELECT * FROM tickets", "SELECT payload FROM outbox", "SELECT raw FROM dead_letters",
        "SELECT matchers FROM silences", "SELECT name FROM sources", "SELECT name FROM tenants",
        "SELECT seed FROM installation", "SELECT FROM history", "SELECT new FROM history",
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await clock.fetch(secret)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE alerts SET quiet_until = now()",
        "DELETE FROM outbox",
        "INSERT INTO silences (tenant_id, ends_at) VALUES (1, now())",
        "SELECT tenant_id FROM tickets FOR UPDATE",
        "TRUNCATE dead_letters",
        "CREATE TABLE public.mine (id integer)",
    ],
)
async def test_the_clock_can_change_nothing(clock: asyncpg.Connection, change: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await clock.execute(change)


async def test_the_application_has_no_rights_of_the_clock_but_to_become_it(
    owner: asyncpg.Connection,
) -> None:
    assert not await owner.fetchval("SELECT pg_has_role('gateway_app', 'gateway_clock', 'USAGE')")
    assert await owner.fetchval("SELECT pg_has_role('gateway_app', 'gateway_clock', 'SET')")
    others = "SELECT FROM pg_auth_members WHERE member = 'gateway_clock'::regrole"
    assert await owner.fetch(others) == []


async def test_after_its_question_a_connection_sees_one_tenant_again(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        assert await ask_clock(world.database, "SELECT tenant_id FROM tickets") == [(1,)]
        with pytest.raises(Unavailable, match="permission denied for table tickets"):
            await ask_clock(world.database, "SELECT title FROM tickets")
        async with world.database.connected() as connection:
            found = await connection.exec_driver_sql("SELECT current_user, count(*) FROM tickets")
            assert tuple(found.one()) == ("gateway_app", 0)


@pytest.mark.parametrize("duty", QUESTIONS)
async def test_every_question_is_answered_from_indexes_of_its_own(database: str, duty: str) -> None:
    question, *arguments = QUESTIONS[duty]
    async with World(database) as world:
        found = await ask_clock(world.database, f"EXPLAIN {question}", *arguments)
    plan = "\n".join(line for (line,) in found)
    assert "Seq Scan" not in plan, plan
    for index in INDEXES[duty]:
        assert re.search(rf"Scan (?:using|on) {index}\b", plan), plan


async def test_a_question_that_takes_too_long_is_no_bug(
    database: str, owner: asyncpg.Connection
) -> None:
    impatient = create_engine(database, purpose=replace(WORKERS, lock=timedelta(milliseconds=20)))
    async with owner.transaction():
        await owner.execute("LOCK TABLE strands")
        with pytest.raises(Unavailable, match="did not answer"):
            await ask_clock(Database(impatient), leases.SQL["due"], START)
    await impatient.dispose()


def test_no_question_is_left_out() -> None:
    texts = [
        path.read_text() for folder in ("statements", "statements/duties")
        for path in (files("gateway.storage.postgres") / folder).iterdir()
        if path.name.endswith(".sql")
    ]  # fmt: skip
    assert sum(text.count("-- As gateway_clock") for text in texts) == len(QUESTIONS)
