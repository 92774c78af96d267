"""How many durable appends a second does one journal take, and at what CPU cost?

    python -m benchmarks.journal [--appenders 64] [--body-bytes 20000] [--seconds 5] [--directory .]

The appenders wait for each answer, as requests do. What was appended is read back by nobody and
trimmed about ten times a second, as the pipeline trims it.
"""

import argparse
import asyncio
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import quantiles

import uvloop

from gateway.clock import system_clock
from gateway.intake.journal import Record
from gateway.storage.journal.journal import JournalOptions, SegmentJournal, open_journal

_TRIMMED_EVERY = timedelta(milliseconds=100)


class _Pipeline:
    """Stands for the pipeline: takes what is committed and says that it is applied."""

    def __init__(self) -> None:
        self.seq = 0
        self.groups = 0

    def take(self, committed: list[tuple[Record, object]]) -> None:
        self.seq = committed[-1][0].seq
        self.groups += 1

    async def trim(self, journal: SegmentJournal) -> None:
        while True:
            await asyncio.sleep(_TRIMMED_EVERY.total_seconds())
            await journal.trim(self.seq)


async def _append(journal: SegmentJournal, body: bytes, until: float, waits: list[float]) -> None:
    while (begin := time.perf_counter()) < until:
        await journal.append(system_clock(), 1, "prometheus", body, None)
        waits.append(time.perf_counter() - begin)


async def _measure(directory: Path, appenders: int, body_bytes: int, seconds: float) -> None:
    pipeline, waits = _Pipeline(), list[float]()
    async with open_journal(directory, JournalOptions(), pipeline.take) as journal:
        begin, cpu_begin = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            trimmer = group.create_task(pipeline.trim(journal))
            async with asyncio.TaskGroup() as appending:
                for _ in range(appenders):
                    body = os.urandom(body_bytes)
                    appending.create_task(_append(journal, body, begin + seconds, waits))
            trimmer.cancel()
        took, cpu = time.perf_counter() - begin, time.process_time() - cpu_begin
        await journal.trim(pipeline.seq)
    percentiles = quantiles(waits, n=100)
    print(
        f"{appenders} appenders, {body_bytes} bytes: {len(waits) / took:,.0f} durable appends/s, "
        f"{cpu / len(waits) * 1e6:.0f} µs CPU each, {len(waits) / pipeline.groups:.1f} a group, "
        f"p50 {percentiles[49] * 1e3:.2f} ms, p99 {percentiles[98] * 1e3:.2f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--appenders", type=int, default=64)
    parser.add_argument("--body-bytes", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--directory", type=Path, default=Path())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        uvloop.run(
            _measure(Path(directory), options.appenders, options.body_bytes, options.seconds)
        )


if __name__ == "__main__":
    main()
