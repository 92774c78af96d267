"""Migrations: in order, once, whole or not at all, by one gateway at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from gateway.storage.postgres.kernel.connect import PIPELINE, connect
from gateway.storage.postgres.schema.migrate import (
    CODE_VERSION,
    SHIPPED,
    MigrationRefused,
    MigrationResult,
    migrate,
    read_migrations,
    schema_version,
)

Migrate = Callable[[], Awaitable[MigrationResult]]

ONE = "CREATE TABLE first (id integer); INSERT INTO first VALUES (1); -- two statements\n"
TWO = "ALTER TABLE first ADD COLUMN name text NOT NULL DEFAULT 'none';\n"


NAMED_BY_LABELS = 4
OLD_STRAND = """
INSERT INTO strands (tenant_id, strand, fingerprint, labels, severity, firing, expired, silenced,
                     occurrences, last_outcome, first_seen, last_seen, version, lease_until)
VALUES (1, $1, 'f', '{}', 'medium', $2, false, false,
        1, 'opened', now(), now(), 1, ($3::text)::timestamptz)
"""


def quiet(_: str) -> None:
    """Nobody waits."""


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A directory of two migrations."""
    (tmp_path / "0001_first_table.sql").write_text(ONE)
    (tmp_path / "0002_names.sql").write_text(TWO)
    return tmp_path


@pytest.fixture
def migrated(empty_database: str, shipped: Path) -> Migrate:
    """Migrates the empty database by that directory."""
    return lambda: migrate(empty_database, progress=quiet, migrations=shipped)


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def version_of(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return await schema_version(connection)
    finally:
        await connection.close()


async def test_files_are_applied_in_order_and_only_once(
    empty_database: str, migrated: Migrate
) -> None:
    first = await migrated()
    assert first == MigrationResult(2, ["0001_first_table.sql", "0002_names.sql"])
    assert await migrated() == MigrationResult(2, [])
    assert await ask(empty_database, "SELECT array_agg(name) FROM first") == ["none"]


async def test_a_new_file_is_applied_to_a_database_in_use(
    empty_database: str, migrated: Migrate, shipped: Path
) -> None:
    await migrated()
    (shipped / "0003_more.sql").write_text("INSERT INTO first VALUES (2, 'two');")
    assert await migrated() == MigrationResult(3, ["0003_more.sql"])
    assert await ask(empty_database, "SELECT count(*) FROM first") == 2


async def test_a_database_that_was_never_migrated_has_version_0(empty_database: str) -> None:
    assert await version_of(empty_database) == 0


async def test_a_failing_file_leaves_nothing_of_itself_and_everything_before_it(
    empty_database: str, migrated: Migrate, shipped: Path
) -> None:
    (shipped / "0003_broken.sql").write_text("CREATE TABLE third (id int); SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrated()
    assert await version_of(empty_database) == 2
    assert await ask(empty_database, "SELECT to_regclass('third')") is None


async def test_an_edited_file_is_refused_by_name(
    empty_database: str, migrated: Migrate, shipped: Path
) -> None:
    await migrated()
    (shipped / "0001_first_table.sql").write_text(ONE + "-- one comment more\n")
    (shipped / "0003_more.sql").write_text("CREATE TABLE third (id int);")
    with pytest.raises(MigrationRefused, match=r"0001_first_table\.sql .* must never be edited"):
        await migrated()
    assert await version_of(empty_database) == 2


async def test_a_file_that_comes_too_late_is_refused_by_name(
    migrated: Migrate, shipped: Path
) -> None:
    (shipped / "0002_names.sql").rename(shipped / "0004_names.sql")
    await migrated()
    (shipped / "0003_late.sql").write_text("CREATE TABLE third (id int);")
    with pytest.raises(MigrationRefused, match=r"0003_late\.sql was never applied"):
        await migrated()


async def test_a_schema_newer_than_the_code_is_left_alone(migrated: Migrate, shipped: Path) -> None:
    await migrated()
    (shipped / "0002_names.sql").unlink()
    assert await migrated() == MigrationResult(2, [])


async def test_of_many_at_once_one_works_and_the_others_find_it_done(migrated: Migrate) -> None:
    results = await asyncio.gather(*(migrated() for _ in range(8)))
    assert sorted(len(result.applied) for result in results) == [0] * 7 + [2]
    assert {result.version for result in results} == {2}


async def test_a_migration_gives_way_to_a_long_transaction_and_then_succeeds(
    empty_database: str, migrated: Migrate, shipped: Path
) -> None:
    await migrated()
    (shipped / "0003_lock.sql").write_text("ALTER TABLE first ADD COLUMN seen timestamptz;")
    reader = await asyncpg.connect(empty_database)
    transaction = reader.transaction()
    await transaction.start()
    await reader.execute("SELECT * FROM first")
    gave_way = asyncio.Event()

    def hear(words: str) -> None:
        if "gave way" in words:
            gave_way.set()

    async with asyncio.TaskGroup() as tasks:
        migration = tasks.create_task(migrate(empty_database, progress=hear, migrations=shipped))
        await gave_way.wait()
        await transaction.rollback()
    await reader.close()
    assert migration.result() == MigrationResult(3, ["0003_lock.sql"])


@pytest.mark.parametrize("name", ["1_short.sql", "0003-dash.sql", "0003_Upper.sql", "first.sql"])
def test_a_name_out_of_pattern_is_an_error(shipped: Path, name: str) -> None:
    (shipped / name).write_text("SELECT 1")
    with pytest.raises(ValueError, match=r"is not named NNNN_words\.sql"):
        read_migrations(shipped)


def test_two_files_of_one_number_are_an_error(shipped: Path) -> None:
    (shipped / "0002_other.sql").write_text("SELECT 1")
    with pytest.raises(ValueError, match=r"0002_names\.sql and 0002_other\.sql"):
        read_migrations(shipped)


async def test_what_fires_under_a_strands_former_key_can_end_after_the_upgrade(
    empty_database: str, tmp_path: Path
) -> None:
    for migration in read_migrations(SHIPPED):
        if migration.number < NAMED_BY_LABELS:
            (tmp_path / migration.name).write_text(migration.sql)
    await migrate(empty_database, progress=quiet, migrations=tmp_path)
    connection = await asyncpg.connect(empty_database)
    try:
        for key, firing, lease in ((b"a", True, "infinity"), (b"b", False, "infinity")):
            await connection.execute(OLD_STRAND, key, firing, lease)
        await connection.execute(OLD_STRAND, b"c", True, "2026-01-01T12:00:00Z")
        await migrate(empty_database, progress=quiet)
        rows = await connection.fetch(
            """
            SELECT strand, lease_until = 'infinity' AS endless, lease_check_at = lease_until AS seen
            FROM strands ORDER BY strand
            """
        )
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [
        (b"a", False, True), (b"b", True, None), (b"c", False, None),
    ]  # fmt: skip


def test_the_shipped_files_are_numbered_without_a_gap() -> None:
    numbers = [migration.number for migration in read_migrations(SHIPPED)]
    assert numbers == list(range(1, CODE_VERSION + 1))
    assert CODE_VERSION >= 1


async def test_the_application_finds_the_shipped_schema_and_may_read_its_version(
    database: str,
) -> None:
    connection = await connect(database, purpose=PIPELINE)
    try:
        assert await schema_version(connection) == CODE_VERSION
    finally:
        await connection.close()
