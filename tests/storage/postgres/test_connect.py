"""The application's connections: their role, their limits, and what happens when there are none."""

from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import pytest
from sqlalchemy import DateTime, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.moments import BEGINNING, FOREVER
from gateway.storage.postgres.kernel.connect import (
    PEOPLE,
    PIPELINE,
    WORKERS,
    PostgresAway,
    Purpose,
    connect,
    create_engine,
)
from tests.conftest import Databases

EXPECTED = {
    "role": "gateway_app",
    "TimeZone": "UTC",
    "synchronous_commit": "on",
    "lock_timeout": "2s",
    "jit": "off",
}


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database, pool_size=2)
    yield engine
    await engine.dispose()


@pytest.mark.parametrize("purpose", [PIPELINE, WORKERS, PEOPLE], ids=lambda purpose: purpose.name)
async def test_a_connection_has_our_settings_whatever_the_servers_are(
    database: str, owner: asyncpg.Connection, purpose: Purpose
) -> None:
    await owner.execute("ALTER ROLE postgres SET synchronous_commit = 'off'")
    await owner.execute("ALTER ROLE postgres SET TimeZone = 'Asia/Tokyo'")
    try:
        connection = await connect(database, purpose=purpose)
        settings = {name: await connection.fetchval(f"SHOW {name}") for name in EXPECTED}
        name = await connection.fetchval("SHOW application_name")
        await connection.close()
    finally:
        await owner.execute("ALTER ROLE postgres RESET ALL")
    assert settings == EXPECTED
    assert name == f"alert-gateway {purpose.name}"


async def test_the_applications_role_is_neither_superuser_nor_free_of_row_security(
    database: str,
) -> None:
    connection = await connect(database, purpose=PIPELINE)
    row = await connection.fetchrow(
        "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    await connection.close()
    assert dict(row) == {"rolsuper": False, "rolbypassrls": False}


async def test_the_engine_connects_the_same_way(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        settings = {name: await connection.scalar(text(f"SHOW {name}")) for name in EXPECTED}
    assert settings == EXPECTED


async def test_the_engine_reads_and_writes_json_as_it_is(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        value = await connection.scalar(text("""SELECT '{"a": [1, "ü"]}'::jsonb"""))
    assert value == {"a": [1, "ü"]}


async def test_a_pooled_connection_that_was_cut_is_replaced(
    engine: AsyncEngine, owner: asyncpg.Connection
) -> None:
    async with engine.connect() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
    await owner.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT pg_backend_pid()")) != pid


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody@127.0.0.1:1/nothing",
        "postgresql:///nothing?host=/nowhere&user=nobody",
        "postgresql://nobody@name.invalid/nothing",
    ],
)
async def test_without_a_server_both_ways_say_that_it_is_away(url: str) -> None:
    with pytest.raises(PostgresAway):
        await connect(url, purpose=PIPELINE)
    engine = create_engine(url)
    with pytest.raises(PostgresAway):
        async with engine.connect():
            pass
    await engine.dispose()


async def test_a_database_that_is_not_there_counts_as_away(databases: Databases) -> None:
    with pytest.raises(PostgresAway, match="does not exist"):
        await connect(databases.url_of("never_made"), purpose=PIPELINE)


async def test_a_user_who_may_not_become_the_applications_role_counts_as_away(
    database: str, owner: asyncpg.Connection
) -> None:
    await owner.execute("CREATE ROLE stranger LOGIN")
    try:
        with pytest.raises(PostgresAway, match="gateway_app"):
            await connect(database.replace("user=postgres", "user=stranger"), purpose=PIPELINE)
    finally:
        await owner.execute("DROP ROLE stranger")


@pytest.mark.parametrize("end", [FOREVER, BEGINNING], ids=["infinity", "-infinity"])
async def test_the_ends_of_time_come_back_as_they_went_in(
    database: str, engine: AsyncEngine, end: datetime
) -> None:
    """With their zone, so that they compare with any other moment; one by one and in lists."""
    connection = await connect(database, purpose=PIPELINE)
    try:
        row = await connection.fetchrow("SELECT $1::timestamptz, $2::timestamptz[]", end, [end])
    finally:
        await connection.close()
    assert list(row) == [end, [end]]
    async with engine.connect() as people:
        query = select(bindparam("end", end, DateTime(timezone=True)))
        assert (await people.execute(query)).scalar_one() == end


async def test_what_is_no_moment_is_refused_before_it_is_sent(database: str) -> None:
    connection = await connect(database, purpose=PIPELINE)
    try:
        for wrong in (FOREVER.replace(tzinfo=None), "2026-01-01T00:00:00Z"):
            with pytest.raises(asyncpg.DataError):
                await connection.fetchval("SELECT $1::timestamptz", wrong)
    finally:
        await connection.close()
