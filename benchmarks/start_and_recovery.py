"""How long from the start to ready, and how long until a journal of a million alerts is drained?

    python -m benchmarks.start_and_recovery [--alerts 1000000]

PostgreSQL is stopped, the journal fills, the gateway is killed; both are started again.
"""

import asyncio
import os
import signal
import tempfile
import time
from pathlib import Path

from benchmarks import load
from benchmarks.chart import Bars
from benchmarks.report import arguments, reporting
from benchmarks.subject import gateway, serving
from gateway.storage.embedded import open_private_postgres

DISTINCT, PER_REQUEST = 10_000, 64


async def recover(alerts: int) -> tuple[float, float, float]:
    """Seconds to ready, seconds from there until drained, GB of journal."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o711)  # noqa: ASYNC240
        data = directory / "data"
        async with open_private_postgres(directory / "postgres", progress=bool) as server:
            options = (
                f'data_dir = "{data}"\n[postgres]\nurl = "{server.url}"\n'
                "[journal]\nmax_bytes = 30000000000\n"
            )
            with serving(options) as subject:
                bodies = load.prometheus_bodies(DISTINCT, PER_REQUEST, "host")
                requests = load.as_requests(bodies, "/api/v2/alerts", subject.port)
                await asyncio.to_thread(load.run, requests, PER_REQUEST, subject.port)
                await asyncio.to_thread(subject.wait_until_drained)
                os.kill(server.pid, signal.SIGINT)
                rounds = requests * (alerts // DISTINCT)
                await asyncio.to_thread(load.run, rounds, PER_REQUEST, subject.port)
                size = subject.metric("gateway_journal_unapplied_bytes")
                os.killpg(subject.process.pid, signal.SIGKILL)
                subject.process.wait()
            await server.revive()
            began = time.perf_counter()
            with serving(options) as subject:
                ready = time.perf_counter() - began
                await asyncio.to_thread(subject.wait_until_drained)
                return ready, time.perf_counter() - began - ready, size / 1e9


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--alerts", type=int, default=1_000_000)
    chosen = parser.parse_args()
    with reporting("start_and_recovery", chosen) as report:
        report.columns("what", "seconds")
        began = time.perf_counter()
        with gateway():
            first = time.perf_counter() - began
        report.row("first start to ready, database made", first)
        ready, drained, size = asyncio.run(recover(chosen.alerts))
        report.row(f"start to ready with {size:.2f} GB of journal", ready)
        report.row(f"from there until {chosen.alerts:,} alerts are in the ledger", drained)
        report.say(f"{chosen.alerts / drained:,.0f} alerts/s.")
        bars = [
            ("first start", first, ""),
            ("start with journal", ready, ""),
            ("drain", drained, ""),
        ]
        report.chart(Bars("Seconds", bars))


if __name__ == "__main__":
    main()
