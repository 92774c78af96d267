"""What is declared, in PostgreSQL: one version however many declare it, and seen by one tenant."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import asyncpg
import msgspec

from gateway.access.permission import Permission, Role
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.declarations.book import UNREAD
from gateway.declarations.declaration import Declaration, DeclarationKind, DeclarationOrigin
from gateway.declarations.kinds import plain
from gateway.effects.working_set import WorkingSet
from gateway.sla.calendar import Calendar, Holidays
from gateway.storage.postgres.kernel.perform import Door
from gateway.storage.postgres.nouns.declarations import PostgresDeclarations
from gateway.storage.postgres.queries.audit import broken_histories
from tests.declarations.declaring import field
from tests.world import World, firing

FIELD = DeclarationKind.FIELD


def store(world: World) -> PostgresDeclarations:
    return PostgresDeclarations(world.database, lambda: world.now)


async def labels(world: World, tenant: int = 1) -> dict[str, str]:
    """Of the fields that the tenant has, but those that are shipped."""
    book = await store(world).book(tenant)
    return {
        name: book.fields[name].choices[0]
        for name, one in book.of(FIELD).items()
        if one.origin is DeclarationOrigin.CONFIG
    }


async def test_what_is_declared_is_kept_with_its_history(database: str) -> None:
    async with World(database) as world:
        await store(world).reconcile(1, [field("cost", label="a")], 0)
        await store(world).reconcile(1, [field("cost", label="b")], 0)
        await store(world).reconcile(1, [field("cost", label="a")], 0)
        await store(world).reconcile(1, [], 0)
        rows = await world.rows(
            "SELECT old, new FROM history WHERE kind = 'declaration' AND object_id = 'field/cost'"
            " ORDER BY sequence"
        )
        assert [(one["old"], one["new"]) for one in rows] == [
            (None, "1"), ("1", "2"), ("2", "1"), ("1", None),
        ]  # fmt: skip
        versions = await world.rows("SELECT version FROM declarations WHERE name = 'cost'")
        assert len(versions) == 2
        assert await broken_histories(world.database, 1) == []


async def test_two_processes_that_reconcile_at_once_make_one_version(database: str) -> None:
    async with World(database) as one, World(database) as other:
        wanted = [field("cost", label="a"), field("colour", label="b", place=1)]
        done = await asyncio.gather(
            *(store(world).reconcile(1, wanted, 0) for world in (one, other) * 3)
        )
        assert sorted(each.changes > 0 for each in done) == [False] * 5 + [True]
        rows = await one.rows("SELECT name, max(version) AS v FROM declarations GROUP BY name")
        assert {row["v"] for row in rows} == {1}


async def test_an_older_revision_that_starts_again_changes_nothing(database: str) -> None:
    async with World(database) as world:
        await store(world).reconcile(1, [field("cost", label="new")], 7)
        done = await store(world).reconcile(1, [], 6)
        assert (done.changes, done.newer) == (0, 7)
        assert await labels(world) == {"cost": "new"}
        assert (await store(world).reconcile(1, [field("cost", label="new")], 8)).changes == 0
        assert (await store(world).reconcile(1, [], 7)).newer == 8, "it is kept all the same"


async def test_a_tenant_has_what_is_declared_for_it_and_sees_nobody_elses(
    database: str, owner: asyncpg.Connection
) -> None:
    await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES (2, 'acme')")
    async with World(database) as world:
        await store(world).reconcile(1, [field("cost", label="ours")], 0)
        await store(world).reconcile(2, [field("cost", label="theirs")], 0)
        assert await labels(world, 1) == {"cost": "ours"}
        assert await labels(world, 2) == {"cost": "theirs"}
        async with world.database.tenant(2) as transaction:
            for table in ("declared", "declarations"):
                seen = await transaction.driver.fetch(f"SELECT DISTINCT tenant_id FROM {table}")
                assert [row["tenant_id"] for row in seen] == [2]


async def test_versions_that_were_declared_cannot_be_changed(database: str) -> None:
    async with World(database) as world:
        await store(world).reconcile(1, [field("cost")], 0)
        for statement in ("UPDATE declarations SET body = '{}'", "DELETE FROM declarations"):
            try:
                async with world.database.tenant(1) as transaction:
                    await transaction.driver.execute(statement)
            except asyncpg.InsufficientPrivilegeError:
                continue
            raise AssertionError(statement)


async def test_editing_a_holiday_or_a_newer_library_makes_no_version_of_the_same_text(
    database: str,
) -> None:
    calendar = Calendar(
        name="berlin",
        time_zone="Europe/Berlin",
        week={"mon-fri": ("08:00-17:00",)},
        holidays=Holidays(country="DE"),
    )
    wanted = Declaration(
        kind=DeclarationKind.CALENDAR,
        name="berlin",
        written=plain(calendar),
        origin=DeclarationOrigin.CONFIG,
    )
    async with World(database) as world:
        await store(world).reconcile(1, [wanted], 0)
        dates = (await store(world).book(1)).calendars["berlin"].dates
        assert "2026-10-03" in dates
        world.now = world.now.replace(year=2031)  # it would know of other years
        assert (await store(world).reconcile(1, [wanted], 0)).changes == 0
        assert (await store(world).book(1)).calendars["berlin"].dates == dates


class Look(msgspec.Struct, frozen=True):
    """A command that sees what is declared."""

    permission: ClassVar[Permission] = Permission.SILENCES_WRITE
    answers: ClassVar[type] = list[str]

    def needs(self) -> Needs:
        return Needs()

    def decide(self, rows: WorkingSet, by: Principal, now: object) -> Sequence[str]:
        return [
            name
            for name, one in rows.book.of(FIELD).items()
            if one.origin is DeclarationOrigin.CONFIG
        ]


async def test_a_command_sees_what_another_process_has_declared_just_before(database: str) -> None:
    async with World(database) as world, World(database) as other:
        door = Door(world.database, clock=lambda: world.now)
        anna = Principal(1, "local:anna", Role.ADMIN)
        assert await door.perform(Look(), anna) == []
        await store(other).reconcile(1, [field("cost")], 0)
        assert await door.perform(Look(), anna) == ["cost"]


async def test_a_batch_knows_what_is_declared_and_reads_it_once_a_version(database: str) -> None:
    async with World(database) as world, World(database) as other:
        assert world.ledger.books.of(1) is UNREAD
        await world.send(firing("CPU"))
        first = world.ledger.books.of(1)
        assert first.of(FIELD).keys() == UNREAD.of(FIELD).keys(), "shipped, before anybody declares"
        await world.send(firing("Disk"))
        assert world.ledger.books.of(1) is first
        await store(other).reconcile(1, [field("cost")], 0)
        await world.send(firing("Net"))
        assert "cost" in world.ledger.books.of(1).of(FIELD)
