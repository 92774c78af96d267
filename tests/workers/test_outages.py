"""The database goes away under the workers of time: they say so, wait, and then do their work."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from gateway.backoff import BackOff
from gateway.errors import Unavailable
from gateway.metrics import Metrics
from gateway.storage.postgres.preparation import Preparation
from gateway.workers.supervisor import Supervisor, Turn, Worker
from tests.programs import eventually
from tests.workers.duties import DUTIES, is_done, something_to_do
from tests.workers.worlds import end_who_waits_for_a_lock, gone
from tests.world import World, at

QUICK = BackOff(first_seconds=0.01, longest_seconds=0.01)


@pytest.mark.parametrize("worker", DUTIES)
async def test_a_worker_says_that_it_waits_and_that_it_goes_on_and_does_what_became_due(
    database: str,
    metrics: Metrics,
    caplog: pytest.LogCaptureFixture,
    worker: Callable[[World], Turn],
) -> None:
    caplog.set_level(logging.INFO)
    async with World(database) as world:
        await something_to_do(world)
        name = worker.__name__
        one = Worker(name, worker(world), 0.01)
        async with Supervisor([one], metrics, back_off=QUICK):
            async with gone(database):
                await logged(caplog, "worker waits")
                world.now = at(200)
            await logged(caplog, "worker goes on")
            await eventually(lambda: is_done(world, name))
    assert told(caplog) == ["worker waits", "worker goes on"]
    assert metrics.registry.get_sample_value("gateway_worker_failures_total", {"worker": name}) == 0


@pytest.mark.usefixtures("migrated_template")
@pytest.mark.parametrize("worker", DUTIES)
async def test_until_a_first_starts_migrations_have_run_a_worker_waits(
    empty_database: str, worker: Callable[[World], Turn]
) -> None:
    """The roles are there, for they are the server's: only the tables are missing."""
    world = World(empty_database)
    try:
        with pytest.raises(Unavailable, match="migrate"):
            await worker(world)()
    finally:
        await world.database.engine.dispose()


async def test_a_connection_that_is_lost_while_tenants_are_read_is_an_outage(
    database: str, owner: asyncpg.Connection
) -> None:
    async with World(database) as world:
        preparation = Preparation(
            database,
            may_migrate=False,
            silences=world.silences,
            adopt_seed=lambda _: None,
            clock=lambda: world.now,
        )
        async with owner.transaction():
            await owner.execute("LOCK TABLE tenants")
            tenants = asyncio.ensure_future(preparation.tenants())
            await end_who_waits_for_a_lock(owner)
            with pytest.raises(Unavailable):
                await tenants
        assert await preparation.tenants() == [1]


def told(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [r.msg["event"] for r in caplog.records if isinstance(r.msg, dict)]


async def logged(caplog: pytest.LogCaptureFixture, event: str) -> None:
    async def is_told() -> bool:
        return event in told(caplog)

    await eventually(is_told)
