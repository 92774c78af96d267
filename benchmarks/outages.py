"""What do senders notice while PostgreSQL is stopped for a minute, and while Redis is lost?

    python -m benchmarks.outages [--away 60] [--rate 300]

Senders offer a fixed rate of requests of 64 alerts. PostgreSQL is stopped and started again; Redis
is killed and comes back empty, three times.
"""

import argparse
import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
from aiohttp import ClientSession, TCPConnector

from benchmarks import load
from benchmarks.subject import REDIS, Subject, machine, serving
from gateway.storage.embedded import PrivatePostgres, open_private_postgres
from tests.programs import free_port
from tests.programs import redis as start_redis

PER_REQUEST = 64
DISTINCT = 10_000
SENDERS = 16
SHARES = (0.5, 0.99, 0.999)
DOUBLED = "SELECT count(*) - count(DISTINCT merge_key) FROM tickets"


class Senders:
    """Offer requests at a fixed rate, whatever the answers are."""

    def __init__(self, subject: Subject, rate: float) -> None:
        self.url = f"http://127.0.0.1:{subject.port}/api/v2/alerts"
        self.bodies = load.prometheus_bodies(DISTINCT, PER_REQUEST, "host")
        self.rate = rate
        self.latencies: list[float] = []
        self.refused = 0

    async def run(self, seconds: float) -> None:
        """Each sender sends when it is its time: a late answer delays nobody else's clock."""
        self.latencies, self.refused = [], 0
        async with (
            ClientSession(connector=TCPConnector(limit=0)) as session,
            asyncio.TaskGroup() as group,
        ):
            for number in range(SENDERS):
                group.create_task(self._send(session, number, seconds))

    async def _send(self, session: ClientSession, number: int, seconds: float) -> None:
        pause, began = SENDERS / self.rate, time.perf_counter()
        headers = {"Content-Type": "application/json"}
        count = 0
        while (due := began + (count + number / SENDERS) * pause) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            body = self.bodies[(count * SENDERS + number) % len(self.bodies)]
            async with session.post(self.url, data=body, headers=headers) as answer:
                await answer.read()
                self.refused += answer.status != 200
            self.latencies.append(time.perf_counter() - due)
            count += 1

    def said(self) -> str:
        ordered = sorted(self.latencies)
        at = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for share in SHARES]
        shares = ", ".join(
            f"p{100 * share:g} {ms:.1f} ms" for share, ms in zip(SHARES, at, strict=True)
        )
        return f"{len(ordered):,} requests, {self.refused} refused; {shares}"


@asynccontextmanager
async def installed(directory: Path) -> AsyncIterator[tuple[PrivatePostgres, ExitStack, int, str]]:
    """A PostgreSQL and a Redis that can be taken away."""
    port = free_port()
    async with open_private_postgres(directory / "postgres", progress=lambda _: None) as server:
        with ExitStack() as stack:
            options = f'[postgres]\nurl = "{server.url}"\n'
            options += f'[redis]\nurl = "redis://127.0.0.1:{port}"\n'
            yield server, stack, port, options


async def measure(away: float, rate: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o711)  # noqa: ASYNC240
        async with installed(directory) as (server, stack, port, options):
            cache = stack.enter_context(start_redis(REDIS, directory, port=port))
            subject = stack.enter_context(serving(options))
            senders = Senders(subject, rate)
            await senders.run(10)
            print(f"all is well:            {senders.said()}")
            async with asyncio.TaskGroup() as group:
                group.create_task(senders.run(away))
                os.kill(server.pid, signal.SIGINT)
            print(f"PostgreSQL stopped:     {senders.said()}")
            back = time.perf_counter()
            await server.revive()
            await asyncio.to_thread(subject.wait_until_drained)
            print(f"  drained {time.perf_counter() - back:.1f} s after its return began")
            async with asyncio.TaskGroup() as group:
                group.create_task(senders.run(24))
                for _ in range(3):
                    await asyncio.sleep(4)
                    await asyncio.to_thread(cache.kill)
                    await asyncio.sleep(2)
                    cache = await asyncio.to_thread(
                        stack.enter_context, start_redis(REDIS, directory, port=port)
                    )
            print(f"Redis killed 3 times:   {senders.said()}")
            connection = await asyncpg.connect(server.url)
            doubled = await connection.fetchval(DOUBLED)
            tickets = await connection.fetchval("SELECT count(*) FROM tickets")
            await connection.close()
            print(f"{tickets:,} tickets for {DISTINCT:,} alerts, {doubled} of them doubled")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--away", type=float, default=60, help="seconds without PostgreSQL")
    parser.add_argument("--rate", type=float, default=300, help="requests a second")
    chosen = parser.parse_args()
    print(f"# {machine()}\n")
    asyncio.run(measure(chosen.away, chosen.rate))


if __name__ == "__main__":
    main()
