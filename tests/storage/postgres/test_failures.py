"""What each error asks for, on errors that a real PostgreSQL really raised."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from gateway.errors import Unavailable
from gateway.storage.postgres.kernel.connect import PIPELINE, Purpose, connect, create_engine
from gateway.storage.postgres.kernel.failures import (
    Failure,
    failure_of,
    is_data_error,
    is_outage,
    is_retryable,
)

SCHEMA = """
CREATE TABLE things (
    id    integer PRIMARY KEY,
    name  text    NOT NULL CHECK (name <> 'bad'),
    other integer REFERENCES things
);
INSERT INTO things VALUES (1, 'one'), (2, 'two');
CREATE INDEX ON things (name);
GRANT ALL ON things TO gateway_app;
"""

Connect = Callable[[], Awaitable[asyncpg.Connection]]


@pytest.fixture
async def connections(database: str, owner: asyncpg.Connection) -> AsyncIterator[Connect]:
    """Opens connections of the application to a database with one table."""
    await owner.execute(SCHEMA)
    opened: list[asyncpg.Connection] = []
    purpose = Purpose("tests", lock=timedelta(milliseconds=50))

    async def open_one() -> asyncpg.Connection:
        opened.append(await connect(database, purpose=purpose))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.terminate()


async def error_of(awaitable: Awaitable[object]) -> BaseException:
    with pytest.raises(Exception) as caught:
        await awaitable
    return caught.value


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT 1 / 0", Failure.DATA),
        ("SELECT '2026-13-01'::date", Failure.DATA),
        ("SELECT 2147483647 + 1", Failure.DATA),
        (r"""SELECT '{"a": "\u0000"}'::jsonb""", Failure.DATA),
        ("INSERT INTO things VALUES (3, NULL)", Failure.DATA),
        ("INSERT INTO things VALUES (3, 'bad')", Failure.DATA),
        (
            "INSERT INTO things SELECT 3, string_agg(md5(i::text), '') "
            "FROM generate_series(1, 1000) i",
            Failure.DATA,
        ),
        ("INSERT INTO things VALUES (1, 'again')", Failure.RETRY),
        ("SET statement_timeout = 10; SELECT pg_sleep(5)", Failure.RETRY),
        ("SELEC 1", Failure.STOP),
        ("SELECT * FROM nothing", Failure.STOP),
        ("SELECT rolpassword FROM pg_authid", Failure.STOP),
        ("INSERT INTO things VALUES (3, 'three', 99)", Failure.STOP),
        ("DO $$ BEGIN RAISE EXCEPTION 'a trigger of ours'; END $$", Failure.STOP),
        ("DO $$ BEGIN RAISE EXCEPTION 'torn page' USING ERRCODE = 'XX001'; END $$", Failure.STOP),
        ("BEGIN READ ONLY; INSERT INTO things VALUES (3, 'three')", Failure.OUTAGE),
        ("DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$", Failure.OUTAGE),
        ("DO $$ BEGIN RAISE EXCEPTION 'disk' USING ERRCODE = '58030'; END $$", Failure.OUTAGE),
    ],
)
async def test_each_sqlstate_has_its_answer(
    connections: Connect, statement: str, expected: Failure
) -> None:
    connection = await connections()
    error = await error_of(connection.execute(statement))
    assert failure_of(error) is expected, error


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param("integer", "7", id="another type"),
        pytest.param("integer", 2**40, id="too large"),
        pytest.param("text", "\ud800", id="half a surrogate pair"),
        pytest.param("integer[]", [1, None, "x"], id="inside an array"),
    ],
)
async def test_an_argument_the_driver_cannot_encode_is_the_datas_fault(
    connections: Connect, kind: str, value: object
) -> None:
    connection = await connections()
    error = await error_of(connection.fetchval(f"SELECT $1::{kind}", value))
    assert is_data_error(error), error


async def test_a_nul_in_a_text_is_the_datas_fault(connections: Connect) -> None:
    connection = await connections()
    assert is_data_error(await error_of(connection.fetchval("SELECT $1::text", "a\0b")))


async def test_a_lock_that_another_holds_is_worth_a_retry(connections: Connect) -> None:
    holder, waiter = await connections(), await connections()
    async with holder.transaction():
        await holder.execute("UPDATE things SET name = 'held' WHERE id = 1")
        error = await error_of(waiter.execute("UPDATE things SET name = 'x' WHERE id = 1"))
    assert is_retryable(error), error


async def test_of_two_in_a_deadlock_one_is_told_to_retry(connections: Connect) -> None:
    one, two = await connections(), await connections()
    for connection in (one, two):
        await connection.execute("SET lock_timeout = 0")
    first, second = one.transaction(), two.transaction()
    await first.start()
    await second.start()
    await one.execute("UPDATE things SET name = 'a' WHERE id = 1")
    await two.execute("UPDATE things SET name = 'b' WHERE id = 2")
    results = await asyncio.gather(
        one.execute("UPDATE things SET name = 'a' WHERE id = 2"),
        two.execute("UPDATE things SET name = 'b' WHERE id = 1"),
        return_exceptions=True,
    )
    (error,) = (result for result in results if isinstance(result, BaseException))
    assert is_retryable(error), error


async def test_a_serialization_failure_is_worth_a_retry(connections: Connect) -> None:
    reader, writer = await connections(), await connections()
    transaction = reader.transaction(isolation="repeatable_read")
    await transaction.start()
    await reader.fetch("SELECT * FROM things")
    await writer.execute("UPDATE things SET name = 'new' WHERE id = 1")
    assert is_retryable(await error_of(reader.execute("UPDATE things SET name = 'x'")))


async def test_a_plan_that_a_migration_outdated_is_worth_a_retry(
    connections: Connect, owner: asyncpg.Connection
) -> None:
    connection = await connections()
    statement = "SELECT * FROM things WHERE id = 1"
    await connection.fetch(statement)
    await owner.execute("ALTER TABLE things ADD COLUMN more integer")

    async def again() -> None:
        async with connection.transaction():
            await connection.fetch(statement)

    error = await error_of(again())
    assert isinstance(error, asyncpg.InvalidCachedStatementError)
    assert is_retryable(error)
    await again()


async def test_a_connection_that_was_cut_is_an_outage_then_and_later(
    connections: Connect, owner: asyncpg.Connection
) -> None:
    connection = await connections()
    asleep = asyncio.ensure_future(connection.execute("SELECT pg_sleep(60)"))
    pid = connection.get_server_pid()
    await owner.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
    for error in (await error_of(asleep), await error_of(connection.execute("SELECT 1"))):
        assert is_outage(error), error


async def test_a_transaction_left_idle_too_long_is_cut_which_is_an_outage(
    connections: Connect,
) -> None:
    connection = await connections()
    await connection.execute("SET idle_in_transaction_session_timeout = 50")
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    await connection.execute("BEGIN")
    await ended.wait()
    assert is_outage(await error_of(connection.execute("SELECT 1")))


async def test_an_answer_that_does_not_come_is_an_outage(connections: Connect) -> None:
    connection = await connections()
    assert is_outage(await error_of(connection.execute("SELECT pg_sleep(60)", timeout=0.05)))


@pytest.mark.parametrize(
    "url",
    ["postgresql://nobody@127.0.0.1:1/nothing", "postgresql:///nothing?host=/nowhere&user=nobody"],
)
async def test_a_server_that_is_not_there_is_an_outage(url: str) -> None:
    assert is_outage(await error_of(connect(url, purpose=PIPELINE)))
    assert is_outage(await error_of(asyncpg.connect(url)))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT 1 / 0", Failure.DATA),
        ("SELECT * FROM nothing", Failure.STOP),
        ("DO $$ BEGIN RAISE EXCEPTION 'met' USING ERRCODE = '40001'; END $$", Failure.RETRY),
        ("DO $$ BEGIN RAISE EXCEPTION 'gone' USING ERRCODE = '57P01'; END $$", Failure.OUTAGE),
    ],
)
async def test_sqlalchemy_wraps_the_same_errors(
    database: str, statement: str, expected: Failure
) -> None:
    engine = create_engine(database)

    async def run() -> None:
        async with engine.connect() as connection:
            await connection.execute(text(statement))

    error = await error_of(run())
    await engine.dispose()
    assert failure_of(error) is expected, error


async def test_an_exhausted_pool_is_an_outage(database: str) -> None:
    engine = create_engine(
        database, purpose=Purpose("tests", statement=timedelta(milliseconds=100)), pool_size=1
    )
    async with engine.connect():
        error = await error_of(engine.connect().start())
    await engine.dispose()
    assert is_outage(error), error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), Failure.OUTAGE),
        (ConnectionResetError(), Failure.OUTAGE),
        (Unavailable("away"), Failure.OUTAGE),
        (ValueError("a mistake of ours"), Failure.STOP),
        (asyncio.CancelledError(), Failure.STOP),
        (asyncpg.InterfaceError("another operation is in progress"), Failure.STOP),
        (asyncpg.InternalClientError("cannot switch to state 15"), Failure.OUTAGE),
    ],
    ids=repr,
)
def test_errors_from_elsewhere_have_an_answer_too(error: BaseException, expected: Failure) -> None:
    assert failure_of(error) is expected
