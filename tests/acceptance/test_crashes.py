"""Processes that are killed at any moment lose nothing they answered for, and double nothing."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.harness import Gateway, installed
from tests.acceptance.load import (
    Load,
    check,
    has_all,
    ledger,
    seal_of,
    tickets_by_alert,
)
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
        for answered in (150, 60, 250, 120):
            await eventually(load.more(answered))
            await asyncio.to_thread(gateway.program.kill)
            await asyncio.to_thread(gateway.start)
        await eventually(load.more(100))
        load.stopping = True
    database = gateway.postgres_url
    await eventually(has_all(database, load))
    assert load.refused == []
    assert len(load.answered) < len(load.requests), "no kill met a request"
    held = await ledger(database)
    check(load, held)
    tickets = await tickets_by_alert(database)
    sealed = [seal_of(one.name) for one in load.requests]
    assert all(tickets[seal] == held[seal] for seal in sealed)
