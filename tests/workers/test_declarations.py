"""The worker that declares: every tenant once, new ones too, and it says what others declare."""

from datetime import timedelta

import asyncpg
from prometheus_client import CollectorRegistry

from gateway.declarations.configured import ConfiguredDeclaration, ConfiguredDeclarations
from gateway.declarations.declaration import DeclarationKind
from gateway.metrics import Metrics
from gateway.storage.postgres.nouns.declarations import PostgresDeclarations
from gateway.workers.declarations import AGAIN_AFTER, Declaring
from tests.declarations.declaring import field
from tests.world import World

FIELD = DeclarationKind.FIELD


class Process:
    """A process of one configuration."""

    def __init__(self, world: World, *entries: ConfiguredDeclaration, revision: int = 0) -> None:
        self.registry = CollectorRegistry()
        self.store = PostgresDeclarations(world.database, lambda: world.now)
        self.ready = True
        metrics = Metrics(self.registry, (), ())
        self.declaring = Declaring(
            self.store,
            ConfiguredDeclarations(entries).of,
            revision,
            metrics,
            lambda: world.now,
            lambda: self.ready,
        )

    async def fields(self, tenant: int) -> set[str]:
        known = (await self.store.book(tenant)).of(FIELD)
        return {name for name in known if name in ("cost", "colour")}

    def differing(self) -> float | None:
        return self.registry.get_sample_value("gateway_declarations_differ")


COST = ConfiguredDeclaration(field("cost"))
COLOUR = ConfiguredDeclaration(field("colour"), ("acme",))


async def test_a_tenant_that_is_made_later_gets_what_is_declared(
    database: str, owner: asyncpg.Connection
) -> None:
    async with World(database) as world:
        process = Process(world, COST, COLOUR)
        await process.declaring.turn()
        assert await process.fields(1) == {"cost"}
        await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES (2, 'acme')")
        await process.declaring.turn()
        assert await process.fields(2) == {"cost", "colour"}
        assert process.differing() == 0


async def test_nothing_is_declared_before_the_process_is_ready(database: str) -> None:
    async with World(database) as world:
        process = Process(world, COST)
        process.ready = False
        await process.declaring.turn()
        assert await process.fields(1) == set()


async def test_what_a_newer_process_declares_stays_and_is_told(database: str) -> None:
    async with World(database) as world:
        old, new = Process(world, COST), Process(world, ConfiguredDeclaration(field("colour")))
        await old.declaring.turn()
        await new.declaring.turn()
        await old.declaring.turn()
        assert await old.fields(1) == {"colour"}
        assert (old.differing(), new.differing()) == (1, 0)


async def test_an_old_pod_that_crashed_and_starts_last_changes_nothing(
    database: str, caplog
) -> None:
    async with World(database) as world:
        await Process(world, ConfiguredDeclaration(field("colour")), revision=2).declaring.turn()
        old = Process(world, COST, revision=1)
        await old.declaring.turn()
        assert await old.fields(1) == {"colour"}
        assert old.differing() == 1
        assert "a newer configuration is declared" in caplog.text


async def test_a_tenant_that_fails_is_tried_again_a_minute_later_and_holds_up_nobody(
    database: str, owner: asyncpg.Connection
) -> None:
    await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES (2, 'acme')")
    await owner.execute("ALTER TABLE declared ADD CONSTRAINT no_luck CHECK (tenant_id <> 1)")
    async with World(database) as world:
        process = Process(world, COST)
        await process.declaring.turn()
        assert (await process.fields(1), await process.fields(2)) == (set(), {"cost"})
        assert process.differing() == 1
        await owner.execute("ALTER TABLE declared DROP CONSTRAINT no_luck")
        await process.declaring.turn()
        assert await process.fields(1) == set(), "not at once"
        world.now += AGAIN_AFTER + timedelta(seconds=1)
        await process.declaring.turn()
        assert (await process.fields(1), process.differing()) == ({"cost"}, 0)
