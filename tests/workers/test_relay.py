"""The outbox relay, from a real outbox to a real HTTP server."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.errors import Unavailable
from gateway.metrics import Metrics
from gateway.outbox.message import Message
from gateway.outbox.retry import WAITS
from gateway.outbox.sink import Sink
from gateway.sinks.webhook import WebhookOptions, WebhookSink, open_session
from gateway.storage.postgres.kernel.connect import WORKERS, create_engine
from gateway.storage.postgres.nouns.outbox import PostgresOutbox
from gateway.workers.relay import OutboxRelay, RelayOptions
from tests.outbox.messages import message, row_of, states_of, write
from tests.programs import PATIENCE_SECONDS
from tests.workers.conftest import MovableClock

BATCH = 8
LEASE = timedelta(minutes=1)


@dataclass
class Receiver:
    """A real HTTP server that keeps the ids it was sent, and answers as it is told."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    status_of: dict[str, int] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    arrivals: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    held: asyncio.Event | None = None

    async def serve(self, request: web.Request) -> web.Response:
        message_id = request.headers["webhook-id"]
        self.sent.append(message_id)
        self.arrivals.put_nowait(message_id)
        if self.held is not None:
            await self.held.wait()
        status = self.status_of.get(message_id, self.status)
        return web.Response(status=status, headers=self.headers)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def sink(receiver: Receiver, clock: MovableClock) -> AsyncIterator[Sink]:
    app = web.Application()
    app.router.add_post("/", receiver.serve)
    async with TestServer(app) as server, open_session() as session:
        options = WebhookOptions(url=str(server.make_url("/")), name="hook")
        yield WebhookSink(options, session, clock)


@pytest.fixture
def relay(outbox: PostgresOutbox, sink: Sink, clock: MovableClock, metrics: Metrics) -> OutboxRelay:
    return relay_of(outbox, sink, clock, metrics)


def relay_of(
    outbox: PostgresOutbox,
    sink: Sink,
    clock: MovableClock,
    metrics: Metrics,
) -> OutboxRelay:
    return OutboxRelay(outbox, sink, clock, metrics, RelayOptions(BATCH, LEASE), lambda: 0.0)


async def run_dry(relay: OutboxRelay) -> None:
    while await relay.turn():
        pass


def results(metrics: Metrics) -> dict[str, float]:
    """How often each result was counted, without those that never were."""
    counted = metrics.outbox_messages_total.collect()
    samples = [sample for metric in counted for sample in metric.samples if sample.value]
    return {sample.labels["result"]: sample.value for sample in samples}


def events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.msg for record in caplog.records if isinstance(record.msg, dict)]


async def test_what_the_receiver_takes_is_delivered_once(
    engine: AsyncEngine, relay: OutboxRelay, receiver: Receiver, metrics: Metrics
) -> None:
    written = await write(engine, *(message(f"tk_{n}") for n in range(3 * BATCH)))
    await run_dry(relay)
    assert sorted(receiver.sent) == [each.id for each in written]
    assert set(await states_of(engine, *written)) == {"delivered"}
    assert results(metrics) == {"delivered": 3 * BATCH}


async def test_an_empty_outbox_leaves_nothing_to_do(relay: OutboxRelay, receiver: Receiver) -> None:
    assert not await relay.turn()
    assert receiver.sent == []


async def test_messages_of_a_subject_leave_in_order_one_after_the_other(
    engine: AsyncEngine, relay: OutboxRelay, receiver: Receiver
) -> None:
    written = await write(engine, *(message("tk_1") for _ in range(5)))
    assert await relay.turn()
    assert receiver.sent == [written[0].id]
    await run_dry(relay)
    assert receiver.sent == [each.id for each in written]


async def test_messages_of_a_batch_leave_side_by_side(
    engine: AsyncEngine, relay: OutboxRelay, receiver: Receiver
) -> None:
    receiver.held = asyncio.Event()
    await write(engine, *(message(f"tk_{n}") for n in range(BATCH)))
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(relay.turn())
        for _ in range(BATCH):
            await receiver.arrivals.get()
        receiver.held.set()


async def test_what_is_refused_is_given_up_and_the_next_goes(
    engine: AsyncEngine,
    relay: OutboxRelay,
    receiver: Receiver,
    metrics: Metrics,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = await write(engine, message("tk_1"), message("tk_1"))
    receiver.status_of = {first.id: 410}
    await run_dry(relay)
    assert await states_of(engine, first, second) == ["failed", "delivered"]
    assert results(metrics) == {"refused": 1, "delivered": 1}
    [event] = events(caplog)
    assert event["event"] == "message given up"
    assert (event["message"], event["error"]) == (first.id, "answered 410")


async def test_what_may_pass_is_tried_again_when_the_schedule_says(
    engine: AsyncEngine,
    relay: OutboxRelay,
    receiver: Receiver,
    clock: MovableClock,
    metrics: Metrics,
) -> None:
    [written] = await write(engine, message("tk_1"))
    receiver.status = 500
    assert not await relay.turn()
    assert not await relay.turn()
    assert receiver.sent == [written.id]
    row = await row_of(engine, written)
    assert (row["next_at"], row["last_error"]) == (clock.now + WAITS[0], "answered 500")
    clock.advance(WAITS[0])
    receiver.status = 200
    await run_dry(relay)
    assert receiver.sent == [written.id, written.id]
    assert results(metrics) == {"postponed": 1, "delivered": 1}


async def test_the_receivers_wish_lengthens_the_wait(
    engine: AsyncEngine, relay: OutboxRelay, receiver: Receiver, clock: MovableClock
) -> None:
    [written] = await write(engine, message("tk_1"))
    receiver.status, receiver.headers = 429, {"Retry-After": "900"}
    await relay.turn()
    assert (await row_of(engine, written))["next_at"] == clock.now + timedelta(seconds=900)


async def test_after_the_last_try_a_message_is_given_up(
    engine: AsyncEngine,
    relay: OutboxRelay,
    receiver: Receiver,
    clock: MovableClock,
    metrics: Metrics,
) -> None:
    [written] = await write(engine, message("tk_1"))
    receiver.status = 503
    for wait in WAITS:
        await relay.turn()
        assert await states_of(engine, written) == ["pending"]
        clock.advance(wait)
    await relay.turn()
    assert await states_of(engine, written) == ["failed"]
    assert len(receiver.sent) == len(WAITS) + 1
    assert results(metrics) == {"postponed": len(WAITS), "exhausted": 1}


async def test_an_outage_uses_up_few_tries_and_is_logged_once_each_way(
    engine: AsyncEngine,
    relay: OutboxRelay,
    receiver: Receiver,
    clock: MovableClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    written = await write(engine, *(message(f"tk_{n}") for n in range(4 * BATCH)))
    receiver.status = 502
    for _ in range(5):
        await relay.turn()
    assert len(receiver.sent) == BATCH + 4
    receiver.status = 200
    clock.advance(WAITS[0])
    await run_dry(relay)
    assert set(await states_of(engine, *written)) == {"delivered"}
    assert [event["event"] for event in events(caplog)] == [
        "sink takes nothing",
        "sink takes messages again",
    ]


async def test_one_message_that_fails_does_not_hold_up_the_others(
    engine: AsyncEngine, relay: OutboxRelay, receiver: Receiver
) -> None:
    written = await write(engine, *(message(f"tk_{n}") for n in range(20)))
    receiver.status_of = {written[0].id: 500}
    await run_dry(relay)
    assert await states_of(engine, *written) == ["pending"] + ["delivered"] * 19


async def test_a_relay_that_dies_leaves_its_messages_to_the_next_under_the_same_id(
    engine: AsyncEngine,
    relay: OutboxRelay,
    receiver: Receiver,
    clock: MovableClock,
) -> None:
    [written] = await write(engine, message("tk_1"))
    receiver.held = asyncio.Event()
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        turn = group.create_task(relay.turn())
        await receiver.arrivals.get()
        turn.cancel()
    receiver.held.set()
    await run_dry(relay)
    assert receiver.sent == [written.id]
    clock.advance(LEASE)
    await run_dry(relay)
    assert receiver.sent == [written.id, written.id]
    assert await states_of(engine, written) == ["delivered"]


class FaultySink:
    """A sink with a bug that one message brings out."""

    name = "hook"

    def __init__(self, bad: Message) -> None:
        self._bad = bad

    async def deliver(self, message: Message) -> None:
        if message == self._bad:
            raise ZeroDivisionError


async def test_a_bug_in_a_sink_shows_and_takes_nobody_along(
    engine: AsyncEngine, outbox: PostgresOutbox, clock: MovableClock, metrics: Metrics
) -> None:
    bad, good, other = await write(engine, message("tk_1"), message("tk_2"), message("tk_3"))
    relay = relay_of(outbox, FaultySink(bad), clock, metrics)
    with pytest.raises(ZeroDivisionError):
        await relay.turn()
    assert await states_of(engine, bad, good, other) == ["pending", "delivered", "delivered"]
    row = await row_of(engine, bad)
    assert (row["next_at"], row["claimed_until"]) == (clock.now + WAITS[0], None)
    assert row["last_error"] == "ZeroDivisionError in the sink"


async def test_every_tenants_messages_leave(
    engine: AsyncEngine,
    outbox: PostgresOutbox,
    sink: Sink,
    clock: MovableClock,
    metrics: Metrics,
    owner: asyncpg.Connection,
) -> None:
    await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES (2, 'other')")
    written = await write(engine, message("tk_1"), message("tk_1", tenant=2))
    await relay_of(outbox, sink, clock, metrics).turn()
    assert await states_of(engine, *written) == ["delivered", "delivered"]


async def test_another_sinks_messages_are_left_alone(
    engine: AsyncEngine, relay: OutboxRelay, receiver: Receiver
) -> None:
    await write(engine, message("tk_1", sink="another"))
    await run_dry(relay)
    assert receiver.sent == []


async def test_while_the_storage_is_away_a_turn_is_unavailable(
    sink: Sink, clock: MovableClock, metrics: Metrics
) -> None:
    engine = create_engine("postgresql:///gateway?host=/nonexistent&user=x", purpose=WORKERS)
    with pytest.raises(Unavailable):
        await relay_of(PostgresOutbox(engine), sink, clock, metrics).turn()
    await engine.dispose()
