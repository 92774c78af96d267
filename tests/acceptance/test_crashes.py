"""Processes that are killed at any moment lose nothing they answered for, and double nothing."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.harness import Gateway, installed
from tests.acceptance.load import SEAL, Load, check, has_seal, last_seal, ledger, tickets_by_alert
from tests.programs import eventually

pytestmark = pytest.mark.acceptance


@pytest.fixture
def gateway(directory: Path) -> Iterator[Gateway]:
    with installed(directory) as one:
        one.start()
        yield one


async def test_after_kills_under_load_every_answered_alert_is_counted_exactly_once(
    gateway: Gateway,
) -> None:
    load = Load(gateway.url)
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        for _ in range(4):
            await eventually(load.more(150))
            await asyncio.to_thread(gateway.program.kill)
            await asyncio.to_thread(gateway.start)
        await eventually(load.more(150))
        load.stopping = True
    database = gateway.postgres_url
    await eventually(has_seal(database, await last_seal(load)), within_seconds=60)
    assert load.refused == []
    assert len(load.answered) < len(load.requests), "no kill met a request"
    check(load, await ledger(database))
    tickets = await tickets_by_alert(database)
    assert {tickets[name] for name in tickets if SEAL in name} == {1}
