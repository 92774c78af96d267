"""PostgreSQL cannot be reached: alerts are taken in all the same, up to the journal's bound."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from aiohttp import ClientSession

from gateway.app.lifecycle import open_gateway
from gateway.config import load
from tests.programs import eventually

NOWHERE = "postgresql:///gateway?host=/nonexistent"
ALERT = {"labels": {"alertname": "CPU"}}
WEBHOOK = {"version": "4", "alerts": [{"status": "firing", **ALERT}]}
N9E = {"hash": "a" * 32, "rule_name": "CPU", "severity": 1, "trigger_time": 1767225600,
       "is_recovered": False, "tags": ["host=db1"]}  # fmt: skip


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[ClientSession]:
    config = tmp_path / "gateway.toml"
    config.write_text(
        'http.listen = "127.0.0.1:0"\n[journal]\nmax_bytes = 4096\nsegment_bytes = 4096\n'
    )
    async with open_gateway(load(config), NOWHERE, may_migrate=True) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}") as session:
            yield session


async def post(session: ClientSession, path: str, body: object) -> int:
    async with session.post(path, json=body) as answer:
        return answer.status


async def fill(session: ClientSession) -> int:
    """How many requests were taken before the bound was reached."""
    for taken in range(1000):
        if await post(session, "/api/v1/intake/custom", ALERT) != 200:
            return taken
    raise AssertionError("the journal has no bound")


async def test_alerts_are_taken_and_reads_say_when_to_come_back(session: ClientSession) -> None:
    assert await post(session, "/api/v2/alerts", [ALERT]) == 200
    async with session.get("/api/v1/tickets") as answer:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert (await answer.json())["code"] == "postgres_unavailable"

    async def ready() -> bool:
        """What is sent here can be kept, and nobody is there to ask for the seed."""
        async with session.get("/-/ready") as answer:
            return answer.status == 200

    await eventually(ready)


async def test_at_the_bound_each_sender_hears_what_it_retries(session: ClientSession) -> None:
    assert await fill(session) > 10
    assert await post(session, "/api/v1/intake/alertmanager", WEBHOOK) == 503
    assert await post(session, "/api/v2/alerts", [ALERT]) == 503
    assert await post(session, "/api/v1/intake/grafana", WEBHOOK) == 503
    assert await post(session, "/api/v1/intake/n9e", N9E) == 429
    async with session.get("/-/ready") as answer:
        assert answer.status == 503


async def test_what_was_taken_is_applied_by_the_next_start_that_reaches_postgresql(
    database: str, tmp_path: Path
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('http.listen = "127.0.0.1:0"\nshutdown.grace = "1s"\n')
    async with open_gateway(load(config), NOWHERE, may_migrate=False) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}") as session:
            for _ in range(3):
                assert await post(session, "/api/v1/intake/custom", ALERT) == 200
    connection = await asyncpg.connect(database)
    try:
        async with open_gateway(load(config), database, may_migrate=True):

            async def applied() -> bool:
                return await connection.fetchval("SELECT sum(occurrences) FROM strands") == 3

            await eventually(applied)
        assert await connection.fetchval("SELECT count(*) FROM tickets") == 1
    finally:
        await connection.close()
