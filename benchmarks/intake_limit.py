"""How far is intake from what the machine allows?

    python -m benchmarks.intake_limit

The limit is the sum of what cannot be left out, each measured alone: aiohttp answering an empty
200, decoding the body, hashing the labels, and writing bodies with fdatasync, sixteen at a time.
Beside it the gateway while its PostgreSQL is stopped: it checks, identifies, writes and answers.
"""

import argparse
import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import msgspec
import xxhash

from benchmarks import load
from benchmarks.chart import Bars
from benchmarks.peers import (
    Measured,
    Peer,
    as_peer,
    bare_aiohttp,
    interleaved,
    measure,
    medians,
)
from benchmarks.report import arguments, reporting, spread
from benchmarks.subject import serving
from gateway.storage.embedded import open_private_postgres

DISTINCT, PER_REQUEST, GROUP = 10_000, 64, 16


class _Alert(msgspec.Struct, gc=False):
    labels: msgspec.Raw
    annotations: msgspec.Raw
    startsAt: str  # noqa: N815
    endsAt: str  # noqa: N815
    generatorURL: str  # noqa: N815


def cpu_us(work: Callable[[], object], alerts: int, rounds: int = 9) -> float:
    """Microseconds of CPU an alert, system calls included; the median of *rounds*."""
    spent = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        spent.append((time.process_time() - before) / alerts * 1e6)
    return median(spent)


def decoding(bodies: list[bytes]) -> float:
    decode = msgspec.json.Decoder(list[_Alert]).decode
    return cpu_us(lambda: [decode(body) for body in bodies * 10], DISTINCT * 10)


def hashing(bodies: list[bytes]) -> float:
    decode = msgspec.json.Decoder(list[_Alert]).decode
    labels = [bytes(alert.labels) for body in bodies for alert in decode(body)] * 10
    return cpu_us(lambda: [xxhash.xxh3_128_digest(one) for one in labels], len(labels))


def writing(bodies: list[bytes]) -> tuple[float, float]:
    """CPU an alert, and groups a second of wall time."""
    groups = [b"".join(bodies[n : n + GROUP]) for n in range(0, len(bodies) - GROUP, GROUP)] * 5
    with tempfile.TemporaryDirectory(dir=".") as name, (Path(name) / "log").open("wb", 0) as file:

        def write() -> None:
            for group in groups:
                file.write(group)
                os.fdatasync(file.fileno())

        began = time.perf_counter()
        spent = cpu_us(write, len(groups) * GROUP * PER_REQUEST, rounds=3)
        return spent, 3 * len(groups) / (time.perf_counter() - began)


async def intake_alone(
    bare: Peer, bodies: list[bytes], chosen: argparse.Namespace
) -> dict[str, list[Measured]]:
    """The gateway knows the alerts; then its PostgreSQL goes, and all that is left is intake."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        directory = Path(name)
        directory.chmod(0o711)  # noqa: ASYNC240
        async with open_private_postgres(directory / "postgres", progress=bool) as server:
            options = f'[postgres]\nurl = "{server.url}"\n[journal]\nmax_bytes = 30000000000\n'
            with serving(options) as subject:
                peers = [bare, replace(as_peer(subject), settle=bool)]
                for peer in peers:
                    await asyncio.to_thread(measure, peer, bodies, PER_REQUEST, None)
                await asyncio.to_thread(subject.wait_until_drained)
                os.kill(server.pid, signal.SIGINT)
                found = await asyncio.to_thread(
                    interleaved,
                    peers,
                    chosen.rounds,
                    lambda peer: measure(peer, bodies, PER_REQUEST, chosen.seconds),
                )
                subject.process.kill()  # nobody waits until so much is in a ledger
                subject.process.wait()
    return found


def main() -> None:
    chosen = arguments(__doc__).parse_args()
    bodies = load.prometheus_bodies(DISTINCT, PER_REQUEST, "host")
    with reporting("intake_limit", chosen) as report, bare_aiohttp() as bare:
        found = asyncio.run(intake_alone(bare, bodies, chosen))
        cost = medians(found)
        written, groups = writing(bodies)
        parts = {
            "aiohttp, empty 200": cost[bare.name],
            "decoding": decoding(bodies),
            "hashing labels": hashing(bodies),
            "write + fdatasync": written,
        }
        limit = sum(parts.values())
        report.columns("part", "µs of CPU an alert")
        for name, us in parts.items():
            report.row(name, us)
        report.row("the limit", limit)
        report.row("gateway", spread([one.cpu_us for one in found["gateway"]]))
        report.say(
            f"The limit ÷ the gateway: {limit / cost['gateway']:.2f}. Bodies in a group of {GROUP}:"
            f" {groups:,.0f} groups/s with fdatasync."
        )
        bars = [*parts.items(), ("the limit", limit), ("gateway", cost["gateway"])]
        report.chart(Bars("µs of CPU an alert", [(name, us, name) for name, us in bars]))


if __name__ == "__main__":
    main()
