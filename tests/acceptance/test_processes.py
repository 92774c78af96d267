"""Several processes behind one port are one gateway to senders, people and Prometheus."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from gateway.storage.embedded import private_postgres
from tests.acceptance.harness import Api, Gateway, api_of, exists, installed
from tests.acceptance.load import Load, check, has_all, ledger
from tests.programs import eventually

pytestmark = pytest.mark.acceptance

OTHER = "Shared"
"""Not of the load."""
ALERTS = 20
SENDERS = 12


@pytest.fixture(scope="module")
def gateway(directory: Path) -> Iterator[Gateway]:
    with installed(directory, "http.workers = 2\n") as one:
        yield one


@pytest.fixture(autouse=True)
async def all_serve(gateway: Gateway) -> None:
    """Both processes have reached the ledger."""
    if gateway.postgres_runs:
        return
    await asyncio.to_thread(gateway.start)

    async def are_heard() -> bool:
        return len(await positions(gateway)) == 2

    await eventually(are_heard)


async def positions(gateway: Gateway) -> list[int]:
    """Of the journals that the ledger knows, one for each process that serves."""
    connection = await asyncpg.connect(gateway.postgres_url)
    try:
        rows = await connection.fetch("SELECT applied FROM journal_progress")
        return [row["applied"] for row in rows]
    finally:
        await connection.close()


async def test_alerts_that_reach_all_processes_make_one_ticket_each_and_one_sum(
    gateway: Gateway, api: Api
) -> None:
    alerts = [{"labels": {"alertname": OTHER, "n": str(number)}} for number in range(ALERTS)]

    async def send() -> None:
        async with api_of(gateway.url) as sender:  # a connection of its own, to either process
            await sender.send("custom", alerts)

    sent = 0
    while not sent or not all(await positions(gateway)):  # both processes get something
        await asyncio.gather(*(send() for _ in range(SENDERS)))
        sent += SENDERS

    async def all_are_counted() -> bool:
        tickets = await api.tickets(alertname=OTHER)
        return sum(one["occurrences"] for one in tickets) == sent * ALERTS

    await eventually(all_are_counted)
    tickets = await api.tickets(alertname=OTHER)
    assert sorted(int(one["labels"]["n"]) for one in tickets) == list(range(ALERTS))
    assert {one["occurrences"] for one in tickets} == {sent}
    received = await api.metric("alerts_received_total", source="custom", status="firing")
    assert received == sent * ALERTS
    assert await api.metric("tickets_opened_total") == ALERTS


async def test_a_killed_process_is_replaced_a_stop_drains_all_and_nothing_is_lost(
    gateway: Gateway,
) -> None:
    load = Load(gateway.url)
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        await eventually(load.more(100))
        victim, survivor = gateway.children
        os.kill(victim, signal.SIGKILL)

        async def is_replaced() -> bool:
            now = gateway.children
            return len(now) == 2 and survivor in now and victim not in now

        await eventually(is_replaced)
        await eventually(has_all(gateway.postgres_url, load))
        await eventually(load.more(100))
        children = gateway.children
        status = await asyncio.to_thread(gateway.program.stop)
        load.stopping = True
    assert status == 0
    assert not any(map(exists, children))
    assert not gateway.postgres_runs
    assert load.refused == []
    async with private_postgres(gateway.data_dir, progress=print) as database:
        held = await ledger(database)
    check(load, Counter({name: count for name, count in held.items() if OTHER not in name}))


async def test_processes_end_when_the_one_that_started_them_is_killed(gateway: Gateway) -> None:
    children = gateway.children
    assert len(children) == 2
    await asyncio.to_thread(gateway.program.kill)

    async def are_gone() -> bool:
        return not any(map(exists, children))

    await eventually(are_gone)
