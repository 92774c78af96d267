"""Upkeep of the outbox: what waits is counted, and what waits for nobody is given up."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.metrics import Metrics
from gateway.storage.postgres.duties.outbox import PostgresPending
from gateway.storage.postgres.duties.visits import Visits
from gateway.storage.postgres.kernel.database import Database
from gateway.workers.outbox_upkeep import ORPHAN_AGE, OutboxUpkeep
from tests.outbox.messages import message, states_of, write
from tests.workers.conftest import MovableClock


@pytest.fixture
async def upkeep(
    engine: AsyncEngine, clock: MovableClock, metrics: Metrics, owner: asyncpg.Connection
) -> OutboxUpkeep:
    await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES (2, 'other')")
    return OutboxUpkeep(PostgresPending(Visits(Database(engine))), ["hook"], clock, metrics)


async def test_the_gauge_counts_what_waits_in_all_outboxes(
    engine: AsyncEngine, upkeep: OutboxUpkeep, metrics: Metrics
) -> None:
    await write(engine, message("tk_1"), message("tk_1"), message("tk_2", tenant=2))
    assert not await upkeep.turn()
    assert metrics.registry.get_sample_value("gateway_outbox_pending") == 3


async def test_a_message_whose_sink_is_gone_for_a_day_is_given_up_with_a_line_in_the_log(
    engine: AsyncEngine,
    upkeep: OutboxUpkeep,
    clock: MovableClock,
    metrics: Metrics,
    caplog: pytest.LogCaptureFixture,
) -> None:
    written = await write(engine, message("tk_1", sink="gone"), message("tk_2"))
    clock.advance(ORPHAN_AGE)
    await upkeep.turn()
    assert await states_of(engine, *written) == ["pending", "pending"]
    clock.advance(timedelta(seconds=1))
    await upkeep.turn()
    assert await states_of(engine, *written) == ["failed", "pending"]
    assert metrics.registry.get_sample_value("gateway_outbox_pending") == 1
    [event] = _events(caplog)
    assert (event["tenant"], event["messages"]) == (1, 1)


def _events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.msg for record in caplog.records if isinstance(record.msg, dict)]
