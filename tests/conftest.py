"""Fixtures for all: one real PostgreSQL a session, a fresh database a test, the real peers."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from gateway.storage.embedded import private_postgres
from gateway.storage.embedded.account import account_for
from gateway.storage.postgres.schema.migrate import migrate
from tests.programs import redis

ROOT = Path(__file__).parent.parent

# What takes long on a busy machine is not wrong for that.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

NOT_DURABLE = {
    "max_wal_size": "128MB",  # it may lie in memory
    "min_wal_size": "32MB",
    "fsync": "off",
    "full_page_writes": "off",
    "log_min_error_statement": "error",
}
"""Of a server that lives as long as a test session."""


MEMORY = "/dev/shm"
"""Making a database means making hundreds of files: a few milliseconds there, and a quarter of a
second on some disks. A kill -9 loses as little there as on a disk.
"""
ROOM_BYTES = 4 * 1024**3
MOST_WORKERS = 16
"""Each has a PostgreSQL and a Redis of its own."""


def has_room(directory: str) -> bool:
    """For everything that the tests keep at a time, programs included."""
    if "TMPDIR" in os.environ or not os.access(directory, os.W_OK):
        return False
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize >= ROOM_BYTES and not found.f_flag & os.ST_NOEXEC


def pytest_xdist_auto_num_workers() -> int:
    """Of `-n auto`: half of the time a test waits for programs that it has started."""
    return min(2 * len(os.sched_getaffinity(0)), MOST_WORKERS)


class Databases:
    """Makes and drops databases on one server, from outside of any test's event loop."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self.url = url
        self.runner = runner
        self._numbers = count(1)

    def url_of(self, name: str) -> str:
        return urlsplit(self.url)._replace(path=f"/{name}", netloc="").geturl()

    def create(self, template: str = "template1") -> str:
        """Name of a new database, a copy of *template*."""
        name = f"{template}_{next(self._numbers)}"
        # Files as they are: page by page through the log takes twice as long.
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return name

    def drop(self, name: str) -> None:
        """Also while connections to it are open."""
        self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        """As the superuser, in the server's own database."""

        async def execute() -> None:
            connection = await asyncpg.connect(self.url)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        self.runner.run(execute())


@pytest.fixture(scope="session")
def passable_dir() -> Iterator[Path]:
    """A temporary directory that others may pass through: pytest's own are closed, and PostgreSQL
    runs as another account when the tests run as root. In memory, if there is room.
    """
    account = account_for(Path("/nonexistent"))
    in_memory = (MEMORY,) if has_room(MEMORY) else ()
    for parent in (*in_memory, tempfile.gettempdir(), "/tmp", "/var/tmp"):
        directory = Path(tempfile.mkdtemp(prefix="gateway-tests-", dir=parent))
        directory.chmod(0o711)
        if account.reaches(directory):
            break
        directory.rmdir()
    else:
        pytest.fail(f"uid {account.uid} can enter no temporary directory: set TMPDIR")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def data_dir(passable_dir: Path) -> Iterator[Path]:
    """Where a gateway may keep its data; not made yet."""
    parent = Path(tempfile.mkdtemp(dir=passable_dir))
    parent.chmod(0o711)
    yield parent / "data"
    shutil.rmtree(parent)


@pytest.fixture(scope="session")
def databases(passable_dir: Path) -> Iterator[Databases]:
    """One private PostgreSQL for the session; each pytest-xdist worker has its own."""
    # The factory keeps the runner's loop to itself: tests have loops of their own.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        stack = AsyncExitStack()
        server = private_postgres(passable_dir / "shared", progress=print, settings=NOT_DURABLE)
        url = runner.run(stack.enter_async_context(server))
        try:
            yield Databases(url, runner)
        finally:
            runner.run(stack.aclose())


@pytest.fixture(scope="session")
def migrated_template(databases: Databases) -> str:
    """Name of a database with the shipped schema, to be copied and never used itself."""
    name = databases.create()
    databases.runner.run(migrate(databases.url_of(name), progress=print))
    return name


@pytest.fixture
def database(databases: Databases, migrated_template: str) -> Iterator[str]:
    """URL of a fresh database with the shipped schema, as its owner and superuser."""
    name = databases.create(migrated_template)
    yield databases.url_of(name)
    databases.drop(name)


@pytest.fixture
def empty_database(databases: Databases) -> Iterator[str]:
    """URL of a fresh database without any schema."""
    name = databases.create()
    yield databases.url_of(name)
    databases.drop(name)


@pytest.fixture
async def owner(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection to `database`: row-level security does not bind it."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def prometheus_binary() -> Path:
    return _peer("prometheus")


@pytest.fixture(scope="session")
def alertmanager_binary() -> Path:
    return _peer("prometheus-alertmanager")


@pytest.fixture(scope="session")
def amtool_binary() -> Path:
    return _peer("amtool")


@pytest.fixture(scope="session")
def redis_binary() -> Path:
    return _peer("redis-server")


@pytest.fixture(scope="session")
def redis_url(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One real Redis for the session; each pytest-xdist worker has its own. Erase what you like."""
    directory = tmp_path_factory.mktemp("redis")
    with redis(redis_binary, directory, "--enable-debug-command", "yes") as program:
        yield program.url


def _peer(name: str) -> Path:
    program = ROOT / ".cache" / "bin" / name
    if not program.exists():
        pytest.fail(f"{program} is missing: run `make binaries`")
    return program
