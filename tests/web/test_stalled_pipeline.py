"""Nothing goes through to a ledger that is there: probes say so, and a stop does not wait."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from gateway.app.lifecycle import open_gateway
from gateway.clock import system_clock
from gateway.config import load
from gateway.intake.ledger import Applied, Batch
from gateway.intake.progress import STALLED_AFTER
from gateway.storage.postgres.ledger.ledger import PostgresLedger
from tests.programs import eventually


class Skewed:
    """The real time, moved."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.by


@pytest.fixture
def clock() -> Skewed:
    return Skewed()


@pytest.fixture
async def session(
    database: str, tmp_path: Path, clock: Skewed, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ClientSession]:
    """Leaving takes no longer than a moment, though the grace is an hour."""

    async def refuse(ledger: PostgresLedger, batch: Batch) -> Applied:
        raise RuntimeError("a mistake of ours, and total")

    monkeypatch.setattr(PostgresLedger, "apply", refuse)
    config = tmp_path / "gateway.toml"
    config.write_text('http.listen = "127.0.0.1:0"\nshutdown.grace = "1h"\n')
    async with asyncio.timeout(40):
        async with open_gateway(load(config), database, may_migrate=False, clock=clock) as gateway:
            host, port = gateway.server.addresses[0]
            async with ClientSession(f"http://{host}:{port}") as session:
                yield session


async def metrics(session: ClientSession) -> dict[str, float]:
    async with session.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    pairs = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in pairs}


async def test_a_pipeline_that_gets_nowhere_is_not_ready_and_does_not_hold_up_the_stop(
    session: ClientSession, clock: Skewed
) -> None:
    alert = {"labels": {"alertname": "CPU"}}
    async with session.post("/api/v1/intake/custom", json=alert) as answer:
        assert answer.status == 200

    async def failed() -> bool:
        return (await metrics(session))['gateway_worker_failures_total{worker="intake"}'] > 0

    await eventually(failed)
    async with session.get("/-/ready") as answer:
        assert answer.status == 200, "once is not for ever"
    clock.by += STALLED_AFTER
    async with session.get("/-/ready") as answer:
        assert answer.status == 503
        assert "no progress" in (await answer.json())["reasons"][0]
    behind = clock().timestamp()
    behind -= (await metrics(session))["gateway_pipeline_progress_timestamp_seconds"]
    assert behind >= STALLED_AFTER.total_seconds()
