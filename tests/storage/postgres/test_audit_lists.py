"""The audit as a feed: whoever follows it misses nothing and hears nothing twice."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import asyncpg
import pytest

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.history.chain import Chained, Entry
from gateway.history.view import AuditFilter, AuditPosition, PlacedEntry
from gateway.storage.postgres.kernel.connect import WORKERS, connect, create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.rows import HISTORY
from gateway.storage.postgres.queries.audit_lists import AuditListQueries
from gateway.storage.postgres.statements import load
from tests.programs import eventually

SQL = load("ledger")
WRITERS, ROUNDS = 12, 15
EVERYTHING = AuditFilter()
ADMIN = Principal(1, "u_admin", Role.ADMIN)


@pytest.fixture
async def queries(database: str) -> AsyncIterator[AuditListQueries]:
    engine = create_engine(database)
    yield AuditListQueries(Database(engine))
    await engine.dispose()


class Writer:
    """A connection that writes entries of one object, and commits when it is told to."""

    def __init__(self, connection: asyncpg.Connection, name: str) -> None:
        self.connection = connection
        self.name = name
        self.sequence = 0

    async def write(self, actor: str = "system") -> None:
        self.transaction = self.connection.transaction()
        await self.transaction.start()
        await self.connection.execute(SQL["enter_tenant"], 1)
        chained = []
        for field in ("status", "assignee"):
            self.sequence += 1
            at = datetime(2026, 1, 1, 12, self.sequence % 60, tzinfo=UTC)
            entry = Entry("ticket", self.name, at, actor, field, None, "x")
            chained.append(Chained(entry, self.sequence, b"", b""))
        await self.connection.execute(*HISTORY.insert(1, chained))

    async def commit(self) -> None:
        await self.transaction.commit()


async def writers(stack: AsyncExitStack, url: str, count: int = WRITERS) -> list[Writer]:
    made = []
    for number in range(count):
        connection = await connect(url, purpose=WORKERS)
        stack.push_async_callback(connection.close)
        made.append(Writer(connection, f"tk_{number}"))
    return made


async def all_of(queries: AuditListQueries, count: int) -> Sequence[PlacedEntry]:
    """The feed from its beginning, once it has so many: whatever writes in another database of the
    server (a vacuum, say) holds it back for a moment.
    """

    async def there() -> Sequence[PlacedEntry]:
        found = (await queries.following(ADMIN, EVERYTHING, None, count)).entries
        return found if len(found) == count else []

    return await eventually(there)


async def test_the_feed_skips_nothing_under_twelve_writers(
    database: str, queries: AuditListQueries
) -> None:
    """They end in another order than the one in which they began to write, and it is followed
    between any two of these ends.
    """
    chance = random.Random(50)
    heard: list[AuditPosition] = []
    after: AuditPosition | None = None

    async def follow() -> None:
        nonlocal after
        for entry in (await queries.following(ADMIN, EVERYTHING, after, 7)).entries:
            after = entry.position
            heard.append(after)

    async with AsyncExitStack() as stack:
        idle, busy = await writers(stack, database), list[Writer]()
        for _ in range(ROUNDS * WRITERS):
            if idle and (not busy or chance.random() < 0.5):
                busy.append(idle.pop(chance.randrange(len(idle))))
                await busy[-1].write()
            else:
                idle.append(busy.pop(chance.randrange(len(busy))))
                await idle[-1].commit()
            await follow()
        for writer in busy:
            await writer.commit()
    written = (await queries.latest(ADMIN, EVERYTHING, None, 100_000)).entries

    async def heard_all() -> bool:
        await follow()
        return len(heard) >= len(written)

    await eventually(heard_all)
    assert heard == sorted(heard)
    assert heard == [entry.position for entry in reversed(written)]


async def test_what_is_written_later_never_appears_in_front_of_what_was_given(
    database: str, queries: AuditListQueries
) -> None:
    async with AsyncExitStack() as stack:
        early, late = await writers(stack, database, 2)
        await early.write()
        await late.write()
        await late.commit()
        assert (await queries.following(ADMIN, EVERYTHING, None, 9)).entries == []
        assert len((await queries.latest(ADMIN, EVERYTHING, None, 9)).entries) == 2, "it shows all"
        await early.commit()
        given = await all_of(queries, 4)
        assert [one.entry.object_id for one in given] == ["tk_0", "tk_0", "tk_1", "tk_1"]


async def test_a_transaction_of_many_entries_is_paged_within(
    database: str, queries: AuditListQueries
) -> None:
    async with AsyncExitStack() as stack:
        (writer,) = await writers(stack, database, 1)
        for _ in range(3):
            await writer.write()
            await writer.commit()
    seen, before = [], None
    while found := (await queries.latest(ADMIN, EVERYTHING, before, 1)).entries:
        before = found[-1].position
        seen.append(before.sequence)
    assert seen == [6, 5, 4, 3, 2, 1]


async def test_a_feed_of_what_is_rare_goes_on_behind_what_it_walked(
    database: str, queries: AuditListQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.storage.postgres.queries.audit_lists.WALK_AT_MOST", 3)
    async with AsyncExitStack() as stack:
        (writer,) = await writers(stack, database, 1)
        for actor in ("system", "system", "anna"):
            await writer.write(actor)
            await writer.commit()
    rare = AuditFilter(actor=("anna", "bob"))
    await all_of(queries, 6)
    first = await queries.following(ADMIN, rare, None, 9)
    assert (first.entries, first.walked_to and first.walked_to.sequence) == ([], 3)
    second = await queries.following(ADMIN, rare, first.walked_to, 9)
    assert [one.entry.actor for one in second.entries] == ["anna", "anna"]
