"""How much of Redis's memory does one strand take, and what does one cost to ask for?

python -m benchmarks.redis_memory [--strands 1000000]
"""

import argparse
import asyncio
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from redis.asyncio import Redis

from benchmarks.subject import REDIS, machine
from gateway.alerts.memory import Confirmed
from gateway.alerts.outcome import Outcome
from gateway.alerts.severity import Severity
from gateway.effects.repeats import Asked, ReportKey
from gateway.intake.absorber import Confirmation
from gateway.moments import FOREVER
from gateway.storage.redis.absorber import AbsorberTimes, RedisAbsorber
from gateway.storage.redis.breaker import Breaker
from tests.programs import Program, redis

AT_ONCE = 50_000
CALLS = 300_000
START = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(minutes=4)
PATIENT = AbsorberTimes(answer_within=timedelta(seconds=60))


def keys(first: int, last: int) -> list[ReportKey]:
    """Strands as even as hashes are."""
    return [
        (1, (number * 0x9E3779B97F4A7C15 % 2**128).to_bytes(16, "little"), "prometheus")
        for number in range(first, last)
    ]


def confirmed() -> Confirmed:
    """Of an alert that Prometheus repeats."""
    return Confirmed(
        version=1_767_225_600_000_000,
        fingerprint=bytes(range(16)),
        firing=True,
        severity=Severity.MEDIUM,
        silenced=False,
        started_at=START,
        fired_at=START,
        resolved_at=None,
        last_resolve_at=None,
        until=FOREVER,
        outcome=Outcome.MERGED,
        annotations=0,
        sources={"prometheus": ""},
    )


async def fill(absorber: RedisAbsorber, strands: int) -> None:
    state = confirmed()
    news = Asked(0, 0, START, None, None)
    for first in range(0, strands, AT_ONCE):
        some = keys(first, min(first + AT_ONCE, strands))
        passed = (await absorber.absorb(dict.fromkeys(some, news))).passed
        await absorber.confirm(
            {
                key: Confirmation(one.born, 0, state, START, START + LEASE)
                for key, one in passed.items()
            }
        )


async def hold(absorber: RedisAbsorber, strands: int, process: psutil.Process) -> str:
    """Repeats of all of them once: microseconds of this process and of Redis for each."""
    repeat = Asked(confirmed().version, 1, START + timedelta(seconds=9), START + LEASE, None)
    before, redis_before = time.process_time(), sum(process.cpu_times()[:2])
    held = 0
    for first in range(0, strands, AT_ONCE):
        some = keys(first, min(first + AT_ONCE, strands))
        held += len((await absorber.absorb(dict.fromkeys(some, repeat))).held)
    own = (time.process_time() - before) / strands * 1e6
    theirs = (sum(process.cpu_times()[:2]) - redis_before) / strands * 1e6
    return f"held {held:,}; µs of CPU each: absorber {own:.1f}, Redis {theirs:.1f}"


async def one_call_each(client: Redis, program: Program) -> str:
    """What it would cost to ask for each repeat by itself, as redis-benchmark does it."""
    sha = await client.script_load("return redis.call('HINCRBY', KEYS[1], ARGV[1], 1)")
    port = program.url.rpartition(":")[2]
    command = [REDIS.with_name("redis-benchmark"), "-p", port, "-n", str(CALLS), "-c", "16"]
    command += ["-P", "16", "-r", "10000", "--csv", "EVALSHA", sha, "1", "held", "__rand_int__"]
    process = psutil.Process(program.process.pid)
    before = sum(process.cpu_times()[:2])
    said = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
    spent = (sum(process.cpu_times()[:2]) - before) / CALLS * 1e6
    rate = float(said.stdout.decode().splitlines()[-1].split('","')[1])
    return (
        f"one EVALSHA a repeat, redis-benchmark: {rate:,.0f} calls/s, {spent:.1f} µs of Redis each"
    )


async def measure(strands: int) -> None:
    with tempfile.TemporaryDirectory() as name, redis(REDIS, Path(name)) as program:
        async with Redis.from_url(program.url, protocol=2) as client:
            absorber = RedisAbsorber(
                client, lambda: "0123456789ab", PATIENT, Breaker(time.monotonic, lambda _: None)
            )
            before = int((await client.info("memory"))["used_memory"])
            await fill(absorber, strands)
            after = int((await client.info("memory"))["used_memory"])
            print(f"{strands:,} strands: {(after - before) / strands:.0f} bytes each")
            print(await hold(absorber, strands, psutil.Process(program.process.pid)))
            print(await one_call_each(client, program))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strands", type=int, default=1_000_000)
    chosen = parser.parse_args()
    print(f"# {machine()}\n")
    asyncio.run(measure(chosen.strands))


if __name__ == "__main__":
    main()
