"""A database whose owner is no superuser: it makes the roles itself, or finds them prepared."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import asyncpg
import pytest

from gateway.access.book import SendersBook
from gateway.access.permission import Role
from gateway.access.token import presented
from gateway.errors import Unavailable
from gateway.storage.embedded import private_postgres
from gateway.storage.postgres.access.look_up import LookUp
from gateway.storage.postgres.access.senders import PostgresSenders, SendersFile
from gateway.storage.postgres.kernel.connect import WORKERS, connect, create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.schema.migrate import (
    SHIPPED,
    migrate,
    read_migrations,
    schema_version,
)
from tests.callers import Callers
from tests.conftest import NOT_DURABLE
from tests.workers.duties import DUTIES, is_done, something_to_do
from tests.world import MINUTE, World, at, firing

PREPARED_CLOCK = """
DROP ROLE IF EXISTS gateway_clock;
CREATE ROLE gateway_clock NOLOGIN;
GRANT gateway_clock TO gateway_app WITH INHERIT FALSE;
"""
PREPARED = f"""
CREATE ROLE gateway_app NOLOGIN;
{PREPARED_CLOCK}
CREATE ROLE gateway_door NOLOGIN;
GRANT gateway_door TO gateway_app WITH INHERIT FALSE;
GRANT gateway_app TO owner;
"""
ASKED = 9
"""The migration since which duties ask of all tenants."""
KNOWN = 11
"""The one since which senders' tokens are."""


@pytest.fixture(scope="module")
def server(passable_dir: Path) -> Iterator[str]:
    """A PostgreSQL that knows none of our roles."""
    # Outside of any test's event loop.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        owned = private_postgres(passable_dir / "owned", progress=print, settings=NOT_DURABLE)
        yield runner.run(owned.__aenter__())
        runner.run(owned.__aexit__(None, None, None))


@pytest.fixture
async def superuser(server: str) -> AsyncIterator[asyncpg.Connection]:
    """Of a fresh database, whose owner may not make roles yet."""
    connection = await asyncpg.connect(server)
    await connection.execute("CREATE ROLE owner LOGIN")
    await connection.execute("CREATE DATABASE owned OWNER owner")
    yield connection
    await connection.execute("DROP DATABASE owned WITH (FORCE)")
    for role in ("gateway_app", "gateway_clock", "gateway_door", "login", "owner"):
        await connection.execute(f"DROP ROLE IF EXISTS {role}")
    await connection.close()


def url_of(server: str, user: str) -> str:
    parts = urlsplit(server)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return f"postgresql:///owned?{urlencode({**query, 'user': user})}"


@pytest.mark.parametrize("roles", ["made by the owner", "prepared"])
async def test_duties_of_many_tenants_are_done(
    server: str, superuser: asyncpg.Connection, roles: str
) -> None:
    await superuser.execute("ALTER ROLE owner CREATEROLE" if roles != "prepared" else PREPARED)
    url = url_of(server, "owner")
    await migrate(url, progress=print)
    await run(url, "INSERT INTO tenants (tenant_id, name) VALUES (7, 'seven')")
    async with World(url, tenant=7) as world:
        world.url = url_of(server, "postgres")  # for the test's own looks, which no policy may bind
        await something_to_do(world)
        for duty in DUTIES:
            turn = duty(world)
            world.now = at(200)
            await world.ledger.heartbeat(world.journal, world.now + MINUTE)
            await turn()
        assert [duty.__name__ for duty in DUTIES if not await is_done(world, duty.__name__)] == []


async def test_whoever_may_become_the_application_may_ask(
    server: str, superuser: asyncpg.Connection
) -> None:
    await superuser.execute("ALTER ROLE owner CREATEROLE")
    await migrate(url_of(server, "owner"), progress=print)
    await superuser.execute("CREATE ROLE login LOGIN; GRANT gateway_app TO login")
    async with World(url_of(server, "login")) as world:
        await world.send(firing(lease=4))
        assert await world.leases.due(at(5)) == [1]
    connection = await connect(url_of(server, "login"), purpose=WORKERS)
    try:
        assert await connection.fetchval("SELECT count(*) FROM strands") == 0
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("role", "since"), [("gateway_clock", ASKED), ("gateway_door", KNOWN)], ids=["clock", "door"]
)
@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ("DROP ROLE {role}", "CREATE ROLE {role}"),
        ("REVOKE {role} FROM gateway_app", "GRANT {role} TO gateway_app"),
        ("GRANT {role} TO gateway_app WITH INHERIT TRUE", "WITH INHERIT FALSE"),
    ],
)
async def test_roles_that_were_prepared_badly_are_refused_with_what_to_do(
    server: str, superuser: asyncpg.Connection, role: str, since: int, flaw: str, words: str
) -> None:
    await superuser.execute(PREPARED + flaw.format(role=role))
    url = url_of(server, "owner")
    with pytest.raises(asyncpg.PostgresError, match=words.format(role=role)):
        await migrate(url, progress=print)
    connection = await asyncpg.connect(url)
    try:
        assert await schema_version(connection) == since - 1
    finally:
        await connection.close()


@pytest.mark.parametrize("roles", ["made by the owner", "prepared"])
async def test_tokens_are_looked_up_and_senders_known_for_an_owner_that_is_no_superuser(
    server: str, superuser: asyncpg.Connection, tmp_path: Path, roles: str
) -> None:
    await superuser.execute("ALTER ROLE owner CREATEROLE" if roles != "prepared" else PREPARED)
    url = url_of(server, "owner")
    await migrate(url, progress=print)
    connection = await asyncpg.connect(url_of(server, "postgres"))
    callers, book = Callers(connection), SendersBook()
    try:
        sender = await callers.token(role="sender")
        person = await callers.of("anna", "operator")
    finally:
        await connection.close()
    engine = create_engine(url)
    try:
        await PostgresSenders(Database(engine), book, SendersFile(tmp_path / "tokens")).turn()
        for text, role in ((sender, Role.SENDER), (person, Role.OPERATOR)):
            shown = presented(text)
            assert shown is not None
            principal = await LookUp(Database(engine)).of_token(shown)
            assert principal is not None
            assert principal.role is role
            assert (book.find(shown) is not None) is (role is Role.SENDER)
    finally:
        await engine.dispose()


async def test_before_the_migration_duties_wait_and_say_what_to_do(
    server: str, superuser: asyncpg.Connection, tmp_path: Path
) -> None:
    for migration in read_migrations(SHIPPED):
        if migration.number < ASKED:
            (tmp_path / migration.name).write_text(migration.sql, "utf-8")
    await superuser.execute("ALTER ROLE owner CREATEROLE")
    url = url_of(server, "owner")
    await migrate(url, progress=print, migrations=tmp_path)
    world = World(url)  # entered later: there is nothing yet that it could look at
    with pytest.raises(Unavailable, match="run `alert-gateway migrate`"):
        await world.silences.refresh(1, at(0))
    for _ in ("no role", "no rights"):  # as when another database of the server has the role
        with pytest.raises(Unavailable, match="run `alert-gateway migrate`"):
            await world.leases.due(at(5))
        await superuser.execute(PREPARED_CLOCK)
    await migrate(url, progress=print)
    async with world:
        assert await world.leases.due(at(5)) == []


async def run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
