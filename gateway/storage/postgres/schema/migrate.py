"""Brings a database's schema to this code's: `NNNN_words.sql`, in order, each in one transaction.

Applied files are known by their checksums and never edited. A schema newer than the code is fine:
migrations expand before they contract, so that a release may be rolled back.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise

import asyncpg

from gateway.backoff import BackOff
from gateway.errors import GatewayError
from gateway.storage.postgres.schema.restored import raise_offset
from gateway.storage.postgres.statements import load

SQL = load("installation")
SHIPPED = files("gateway.storage.postgres") / "migrations"

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
MIGRATION_LOCK = 7_202_114_593_880_041
"""Advisory lock key: any number that no other program of this database uses."""
_LOCK_TURN_SECONDS = 0.25
_ATTEMPTS = 8
_BACK_OFF = BackOff(first_seconds=0.25, longest_seconds=16.0)

_SESSION = {
    "application_name": "alert-gateway migrate",
    "TimeZone": "UTC",
    "statement_timeout": "0",
    # Waiting for a table lock stops everybody behind us: give way and try again.
    "lock_timeout": "3000",
    "client_min_messages": "warning",
}

_TABLE = """
CREATE TABLE schema_migrations (
    number      integer     PRIMARY KEY,
    name        text        NOT NULL,
    checksum    text        NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON schema_migrations TO PUBLIC;
"""


@dataclass(eq=False)
class MigrationRefused(GatewayError):
    """The database and the shipped files contradict each other; nothing was changed."""

    code: str = "migration_refused"


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. *checksum* is the SHA-256 of its bytes, in hex."""

    number: int
    name: str
    sql: str
    checksum: str


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """*applied*: names of the files run now, in order. *version*: the schema's number since."""

    version: int
    applied: list[str] = field(default_factory=list)


async def migrate(
    url: str,
    *,
    progress: Callable[[str], None],
    migrations: Traversable = SHIPPED,
    finish: bool = False,
) -> MigrationResult:
    """Apply what is missing. *finish*: no replica of a release before is left.

    Raises MigrationRefused, or the driver's error with nothing of the failing file applied. Of
    several at once one works and the others wait.
    """
    shipped = read_migrations(migrations)
    connection = await asyncpg.connect(url, timeout=10, server_settings=_SESSION)
    try:
        await _become_only_migrator(connection, progress)
        missing = _missing(shipped, await _applied(connection))
        for migration in missing:
            progress(f"Migrating the database: {migration.name} ...")
            await _apply_with_patience(connection, migration, progress)
        await raise_offset(connection)
        version = await schema_version(connection)
        if finish:
            await connection.execute(SQL["finish_release"], version)
    finally:
        await connection.close()
    return MigrationResult(version, [migration.name for migration in missing])


async def schema_version(connection: asyncpg.Connection) -> int:
    """The highest number applied; 0 for a database that was never migrated."""
    if not await _has_table(connection):
        return 0
    version: int = await connection.fetchval(
        "SELECT coalesce(max(number), 0) FROM schema_migrations"
    )
    return version


def read_migrations(directory: Traversable) -> list[Migration]:
    """In order. ValueError for a name out of pattern, or a number used twice."""
    names = sorted(file.name for file in directory.iterdir() if file.name.endswith(".sql"))
    migrations = [_read(directory / name) for name in names]
    for before, after in pairwise(migrations):
        if before.number == after.number:
            raise ValueError(f"migrations {before.name} and {after.name} have the same number")
    return migrations


def _read(file: Traversable) -> Migration:
    matched = _NAME.fullmatch(file.name)
    if matched is None:
        raise ValueError(f"migration {file.name} is not named NNNN_words.sql")
    content = file.read_bytes()
    checksum = hashlib.sha256(content).hexdigest()
    return Migration(int(matched[1]), file.name, content.decode("utf-8"), checksum)


def _missing(shipped: Sequence[Migration], applied: dict[int, asyncpg.Record]) -> list[Migration]:
    for migration in shipped:
        _refuse_contradiction(migration, applied)
    return [migration for migration in shipped if migration.number not in applied]


def _refuse_contradiction(migration: Migration, applied: dict[int, asyncpg.Record]) -> None:
    row = applied.get(migration.number)
    if row is None:
        newest = max(applied, default=0)
        if migration.number < newest:
            raise MigrationRefused(
                f"{migration.name} was never applied here, but the later {applied[newest]['name']} "
                "was: this database belongs to another line of development."
            )
    elif row["checksum"] != migration.checksum:
        raise MigrationRefused(
            f"{migration.name} is not what was applied here as {row['name']} on "
            f"{row['applied_at']:%Y-%m-%d}: an applied migration must never be edited."
        )


async def _has_table(connection: asyncpg.Connection) -> bool:
    return await connection.fetchval("SELECT to_regclass('schema_migrations')") is not None


async def _applied(connection: asyncpg.Connection) -> dict[int, asyncpg.Record]:
    if not await _has_table(connection):
        await connection.execute(_TABLE)
    rows = await connection.fetch(
        "SELECT number, name, checksum, applied_at FROM schema_migrations"
    )
    return {row["number"]: row for row in rows}


async def _apply_with_patience(
    connection: asyncpg.Connection, migration: Migration, progress: Callable[[str], None]
) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            await _apply(connection, migration)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            if attempt == _ATTEMPTS - 1:
                raise
            progress(f"{migration.name} gave way to others ({error}); trying again ...")
            await asyncio.sleep(_BACK_OFF.wait_seconds(attempt + 1))
        else:
            return


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    async with connection.transaction():
        # Without arguments asyncpg uses the simple protocol, which takes many statements at once.
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
            migration.number,
            migration.name,
            migration.checksum,
        )


async def _become_only_migrator(
    connection: asyncpg.Connection, progress: Callable[[str], None]
) -> None:
    """Until the connection closes. Asks again and again, as a statement that waits would hold a
    snapshot, and CREATE INDEX CONCURRENTLY of the other would wait for that.
    """
    waiting = False
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1::bigint)", MIGRATION_LOCK):
        if not waiting:
            progress("Another gateway is migrating the database; waiting for it ...")
            waiting = True
        await asyncio.sleep(_LOCK_TURN_SECONDS)


CODE_VERSION = max((migration.number for migration in read_migrations(SHIPPED)), default=0)
"""What this code needs; the schema may be newer."""
