"""The database goes away under the workers of time: they say so, wait, and then do their work."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from gateway.errors import Unavailable
from gateway.metrics import Metrics
from gateway.storage.postgres.preparation import Preparation
from gateway.workers.closing import Closing
from gateway.workers.leases import LeaseClock
from gateway.workers.quiets import QuietClock, SilenceClock
from gateway.workers.retention import Retention, RetentionOptions
from gateway.workers.supervisor import BackOff, Supervisor, Turn, Worker
from tests.programs import eventually
from tests.workers.worlds import end_who_waits_for_a_lock, gone, silence
from tests.world import MINUTE, START, World, at, firing, resolved

QUICK = BackOff(first_seconds=0.01, longest_seconds=0.01)


def leases(world: World) -> Turn:
    up_since = START - timedelta(days=1)
    return LeaseClock(
        world.upkeep,
        world.tenants,
        lambda: world.now,
        lambda: up_since,
        world.flush.before_leases_end,
    ).turn


def quiets(world: World) -> Turn:
    return QuietClock(world.upkeep, world.tenants, lambda: world.now).turn


def silences(world: World) -> Turn:
    return SilenceClock(world.upkeep, world.silences.current, world.tenants, lambda: world.now).turn


def closing(world: World) -> Turn:
    return Closing(world.closing.close_resolved, world.tenants, lambda: world.now, 60 * MINUTE).turn


def retention(world: World) -> Turn:
    options = RetentionOptions(alerts=60 * MINUTE)
    return Retention(world.upkeep, world.tenants, lambda: world.now, options).turn


@pytest.mark.parametrize("worker", [leases, quiets, silences, closing, retention])
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


async def something_to_do(world: World) -> None:
    """For each of them, but not before the 30th minute."""
    await world.people.silence(1, silence('{alertname="Silenced"}', 60))
    await world.send(
        firing("Leased", lease=40), firing("Quiet"), firing("Silenced"), firing("Resolved"),
        resolved("Forgotten", ended=-1),
    )  # fmt: skip
    ticket = next(one for one in await world.all_tickets() if one["title"] == "Quiet")
    await world.people.step(1, ticket["id"], "cancelled", "anna", at(1), "", None)  # type: ignore[arg-type]
    await world.rows("UPDATE alerts SET quiet_until = $1 WHERE quiet_until IS NOT NULL", at(40))
    world.now = at(2)
    await world.send(resolved("Resolved", ended=2))


_DONE = {
    "leases": "SELECT FROM alerts WHERE status = 'expired'",
    "quiets": "SELECT FROM tickets WHERE title = 'Quiet' AND status = 'open'",
    "silences": "SELECT FROM tickets WHERE title = 'Silenced'",
    "closing": "SELECT FROM tickets WHERE title = 'Resolved' AND status = 'closed'",
    "retention": "SELECT WHERE NOT EXISTS (SELECT FROM alerts WHERE episodes = 0)",
}


async def is_done(world: World, name: str) -> bool:
    world.now += MINUTE
    await world.ledger.heartbeat(world.journal, world.now)
    return bool(await world.rows(_DONE[name]))


def told(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [r.msg["event"] for r in caplog.records if isinstance(r.msg, dict)]


async def logged(caplog: pytest.LogCaptureFixture, event: str) -> None:
    async def is_told() -> bool:
        return event in told(caplog)

    await eventually(is_told)
