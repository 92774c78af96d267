"""A duty asks once, of all tenants, and visits those that have something due."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.metrics import Metrics
from gateway.outbox.message import Message
from gateway.storage.postgres.duties.outbox import PostgresPending
from gateway.storage.postgres.duties.visits import Visits
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.nouns.outbox import PostgresOutbox
from gateway.workers.census import Census
from gateway.workers.outbox_upkeep import OutboxUpkeep
from gateway.workers.relay import OutboxRelay
from gateway.workers.supervisor import Turn
from tests.outbox.messages import message, write
from tests.workers.conftest import MovableClock
from tests.workers.duties import DUTIES, is_done, leases, something_to_do
from tests.world import MINUTE, World, at, firing

IDLE = 20
ASKING = 2
"""Transactions of a duty that finds nothing due: how far journals are, and the question itself."""


@dataclass
class Seen:
    """What an engine was used for."""

    commits: int = 0
    tenants: set[int] = field(default_factory=set)


@contextmanager
def seen(engine: AsyncEngine) -> Iterator[Seen]:
    found = Seen()

    def committed(_: Any) -> None:
        found.commits += 1

    def executed(_1: Any, _2: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "set_config('app.tenant'" in statement:
            found.tenants.add(int(parameters[0]))

    event.listen(engine.sync_engine, "commit", committed)
    event.listen(engine.sync_engine, "before_cursor_execute", executed)
    try:
        yield found
    finally:
        event.remove(engine.sync_engine, "commit", committed)
        event.remove(engine.sync_engine, "before_cursor_execute", executed)


@pytest.fixture(autouse=True)
async def many_tenants(owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO tenants (tenant_id, name) SELECT n, n::text FROM generate_series(2, $1) AS n",
        IDLE,
    )


@pytest.mark.parametrize("duty", DUTIES)
async def test_idle_tenants_cost_a_duty_nothing(
    database: str, duty: Callable[[World], Turn]
) -> None:
    async with World(database) as world:
        turn = duty(world)
        world.now = at(10_000)
        with seen(world.database.engine) as used:
            assert not await turn()
        assert used.tenants == set()
        assert used.commits <= ASKING


@pytest.mark.parametrize("duty", DUTIES)
async def test_a_duty_visits_the_tenant_that_has_something_due_and_no_other(
    database: str, duty: Callable[[World], Turn]
) -> None:
    async with World(database, tenant=7) as world, World(database, journal="other") as neighbour:
        await something_to_do(world)
        await neighbour.send(firing("Endless"))
        turn = duty(world)
        await turn()
        world.now = at(200)
        for one in (world, neighbour):
            await one.ledger.heartbeat(one.journal, world.now + MINUTE)
        with seen(world.database.engine) as used:
            await turn()
        assert used.tenants == {7}
        assert await is_done(world, duty.__name__)


async def test_what_is_done_is_not_visited_again(database: str) -> None:
    async with World(database, tenant=7) as world:
        await something_to_do(world)
        turn = leases(world)
        await world.send(firing("Heard", began=2))
        world.now = at(200)
        await world.ledger.heartbeat(world.journal, world.now + MINUTE)
        await turn()
        await world.send(firing("Heard", began=2))
        world.now = at(202)
        await world.ledger.heartbeat(world.journal, world.now + MINUTE)
        await turn()
        with seen(world.database.engine) as used:
            await turn()
        assert (used.tenants, used.commits) == (set(), ASKING)


async def test_what_stands_is_counted_in_one_transaction(database: str, metrics: Metrics) -> None:
    async with World(database, tenant=7) as world, World(database, journal="other") as neighbour:
        await world.send(firing())
        await neighbour.send(firing())
        with seen(world.database.engine) as used:
            await Census(world.census, metrics).turn()
        assert (used.tenants, used.commits) == (set(), 1)
        assert metrics.registry.get_sample_value("gateway_alerts_firing") == 2


async def test_a_relay_visits_the_outboxes_in_which_something_is_due_for_its_sink(
    engine: AsyncEngine, clock: MovableClock, metrics: Metrics
) -> None:
    relay = OutboxRelay(PostgresOutbox(engine), Kept("hook"), clock, metrics)
    later = message("tk_2", tenant=3, at=clock.now + MINUTE)
    await write(engine, message("tk_1", tenant=7), later, message("tk_3", tenant=4, sink="other"))
    with seen(engine) as used:
        await relay.turn()
    assert used.tenants == {7}
    with seen(engine) as used:
        await relay.turn()
    assert (used.tenants, used.commits) == (set(), 1)


async def test_outboxes_are_counted_in_one_transaction_and_visited_only_for_orphans(
    engine: AsyncEngine, clock: MovableClock, metrics: Metrics
) -> None:
    upkeep = OutboxUpkeep(PostgresPending(Visits(Database(engine))), ["hook"], clock, metrics)
    old = clock.now - 3 * 24 * 60 * MINUTE
    await write(
        engine, message("tk_1", tenant=3, at=old), message("tk_2", tenant=7, sink="gone", at=old)
    )
    with seen(engine) as used:
        await upkeep.turn()
    assert (used.tenants, used.commits) == ({7}, 2)
    assert metrics.registry.get_sample_value("gateway_outbox_pending") == 1


class Kept:
    """A sink that takes everything."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.taken: list[Message] = []

    async def deliver(self, message: Message) -> None:
        self.taken.append(message)
