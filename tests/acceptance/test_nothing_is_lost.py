"""Kills, outages and stops under load: what was answered 2xx is there, exactly once."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from gateway.storage.embedded.postmaster import running_postmaster
from tests.acceptance.harness import Gateway, api_of, installed
from tests.programs import eventually

pytestmark = pytest.mark.acceptance

CONNECTIONS = 16
ALERTS = 20


@pytest.fixture
def gateway(directory: Path) -> Iterator[Gateway]:
    own = Path(tempfile.mkdtemp(dir=directory))
    own.chmod(0o711)
    with installed(own) as one:
        one.start()
        yield one


@dataclass
class Load:
    """Requests of alerts that each occur in one request only, so that its fate can be told."""

    url: str
    answered: set[str] = field(default_factory=set)
    refused: dict[str, int] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)
    stopping: bool = False
    sent: int = 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(CONNECTIONS):
                group.create_task(self._connection(number))

    async def _connection(self, number: int) -> None:
        timeout = ClientTimeout(total=30)
        async with ClientSession(self.url, timeout=timeout) as session:
            while not self.stopping:
                self.sent += 1
                name = f"{number}-{self.sent}"
                body = [
                    {"labels": {"alertname": "Load", "request": name, "n": str(n % 18)}}
                    for n in range(ALERTS)
                ]
                try:
                    async with session.post("/api/v2/alerts", json=body) as response:
                        await response.read()
                except (ClientError, TimeoutError, ConnectionError):
                    self.unanswered.add(name)
                    await asyncio.sleep(0.05)  # as a sender that tries again
                    continue
                if response.status == 200:
                    self.answered.add(name)
                else:
                    self.refused[name] = response.status

    def more_than(self, more: int) -> Callable[[], Awaitable[bool]]:
        wanted = len(self.answered) + more

        async def look() -> bool:
            return len(self.answered) >= wanted

        return look


async def counts_by_request(url: str) -> dict[str, int]:
    """Occurrences in the ledger, by the request that brought them."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT labels->>'request' AS request, sum(occurrences)::int AS n"
            " FROM strands GROUP BY 1"
        )
        assert await connection.fetchval("SELECT count(*) FROM dead_letters") == 0
        return {row["request"]: row["n"] for row in rows}
    finally:
        await connection.close()


async def drained(gateway: Gateway) -> bool:
    async with api_of(gateway.url) as api:
        return await api.metric("journal_unapplied_records") == 0


async def ledger_is_back(gateway: Gateway) -> bool:
    async with api_of(gateway.url) as api:
        return await api.metric("ledger_available") == 1 and gateway.postgres_runs


def check(load: Load, counts: dict[str, int]) -> None:
    assert {name: counts.get(name) for name in load.answered} == dict.fromkeys(
        load.answered, ALERTS
    )
    uncertain = {name: count for name, count in counts.items() if name not in load.answered}
    assert uncertain.keys() <= load.unanswered
    assert set(uncertain.values()) <= {ALERTS}


async def test_kill_9_under_load_loses_nothing_answered_and_doubles_nothing(
    gateway: Gateway,
) -> None:
    load = Load(gateway.url)
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        for _ in range(3):
            await eventually(load.more_than(100))
            await asyncio.to_thread(gateway.program.kill)
            await asyncio.to_thread(gateway.start)
        await eventually(load.more_than(50))
        load.stopping = True
    await eventually(lambda: drained(gateway), within_seconds=60)
    assert not load.refused
    check(load, await counts_by_request(gateway.postgres_url))


async def test_while_postgresql_is_away_every_alert_is_taken_and_applied_afterwards(
    gateway: Gateway,
) -> None:
    load = Load(gateway.url)
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        await eventually(load.more_than(50))
        postmaster = running_postmaster(gateway.data_dir.resolve() / "postgres" / "cluster")
        assert postmaster is not None
        await asyncio.to_thread(_kill_postgres, postmaster.pid)
        await eventually(load.more_than(300))
        load.stopping = True
    await eventually(lambda: ledger_is_back(gateway), within_seconds=60)
    await eventually(lambda: drained(gateway), within_seconds=60)
    assert not load.refused
    assert not load.unanswered
    check(load, await counts_by_request(gateway.postgres_url))


def _kill_postgres(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("ask", ["terminate", "interrupt"])
async def test_a_stop_under_load_answers_what_is_in_flight_and_drains(
    gateway: Gateway, ask: str
) -> None:
    load = Load(gateway.url)
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        await eventually(load.more_than(100))
        stop = gateway.program.stop if ask == "terminate" else gateway.interrupt
        status = await asyncio.to_thread(stop)
        load.stopping = True
    assert status == 0
    assert not gateway.postgres_runs, "it is stopped last, and it is stopped"
    assert not load.refused
    assert not list((gateway.data_dir / "journal").rglob("*.sqlite")), "nothing was left to drain"
    gateway.start()
    check(load, await counts_by_request(gateway.postgres_url))
