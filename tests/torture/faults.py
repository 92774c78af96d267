"""What goes wrong, one kind after the other in an order drawn from the seed."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from tests.programs import eventually
from tests.torture.installation import Installation, Node

Fault = Callable[["Nemesis"], Awaitable[None]]


@dataclass(slots=True)
class Nemesis:
    """Injects faults into *target* until there are enough; each heals what it broke."""

    target: Installation
    seed: int
    kinds: dict[str, Fault]
    enough: Callable[[Counter[str]], bool]
    """Asked after each one, with what was *done*."""
    pause_seconds: float = 0.8
    done: Counter[str] = field(default_factory=Counter)
    say: Callable[[str], None] = print
    _draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)

    async def run(self) -> None:
        while True:
            for name in self._draw.sample(sorted(self.kinds), len(self.kinds)):
                await asyncio.sleep(self._draw.uniform(0.3, 1.0) * self.pause_seconds)
                started = time.perf_counter()
                await self.kinds[name](self)
                self.done[name] += 1
                self.say(
                    f"  {sum(self.done.values()):4} {name} ({time.perf_counter() - started:.1f} s)"
                )
                if self.enough(self.done):
                    return

    def some(self, least: float, most: float) -> float:
        return self._draw.uniform(least, most)

    def node(self) -> Node:
        return self._draw.choice(self.target.nodes)


async def kill_gateway(nemesis: Nemesis) -> None:
    node = nemesis.node()
    await asyncio.to_thread(node.kill)
    await asyncio.to_thread(node.start)


async def kill_both_gateways(nemesis: Nemesis) -> None:
    nodes = nemesis.target.nodes
    await asyncio.gather(*(asyncio.to_thread(node.kill) for node in nodes))
    await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes))


async def kill_in_windows(nemesis: Nemesis) -> None:
    """Both gateways, each where it does harm; nobody is left who could make up for it."""
    nodes = nemesis.target.nodes
    for node in nodes:
        await eventually(partial(_killed_in_window, node))
    await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes))


async def _killed_in_window(node: Node) -> bool:
    if not node.window.exists():
        return False
    await asyncio.to_thread(node.kill)
    if node.window.exists():
        return True
    await asyncio.to_thread(node.start)  # it was shut a moment before
    return False


async def pause_gateway(nemesis: Nemesis) -> None:
    program = nemesis.node().program
    assert program is not None
    program.pause()
    await asyncio.sleep(nemesis.some(0.5, 2))
    program.resume()


async def kill_postgres(nemesis: Nemesis) -> None:
    os.kill(nemesis.target.postgres.pid, signal.SIGKILL)
    await asyncio.sleep(nemesis.some(0, 1))
    await nemesis.target.revive_postgres()


async def lock_table(nemesis: Nemesis) -> None:
    connection = await asyncpg.connect(nemesis.target.postgres.url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE strands IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(nemesis.some(1, 4))
    finally:
        await connection.close()


def postgres_line(mode: str) -> Fault:
    async def fault(nemesis: Nemesis) -> None:
        nemesis.target.to_postgres.turn(mode)
        await asyncio.sleep(nemesis.some(0.5, 3))
        nemesis.target.to_postgres.turn("pass")

    return fault


def redis_line(mode: str) -> Fault:
    async def fault(nemesis: Nemesis) -> None:
        line = nemesis.target.to_redis
        assert line is not None
        line.turn(mode)
        await asyncio.sleep(nemesis.some(0.5, 3))
        line.turn("pass")

    return fault


def redis_command(*command: str | int, after: tuple[str | int, ...] = ()) -> Fault:
    async def fault(nemesis: Nemesis) -> None:
        async with Redis(port=nemesis.target.redis_port, protocol=2) as client:
            await client.execute_command(*command)
            if after:
                await asyncio.sleep(nemesis.some(0.5, 3))
                await client.execute_command(*after)

    return fault


async def kill_redis(nemesis: Nemesis) -> None:
    """It has kept nothing: it comes back empty."""
    cache = nemesis.target.cache
    assert cache is not None
    await asyncio.to_thread(cache.kill)
    await asyncio.sleep(nemesis.some(0, 1.5))
    await asyncio.to_thread(nemesis.target.start_redis)


async def pause_redis(nemesis: Nemesis) -> None:
    cache = nemesis.target.cache
    assert cache is not None
    cache.pause()
    await asyncio.sleep(nemesis.some(0.5, 3))
    cache.resume()


async def step_clock(nemesis: Nemesis) -> None:
    """One gateway's clock jumps, and jumps back."""
    node = nemesis.node()
    node.set_clock(nemesis.some(-40, 40))
    await asyncio.sleep(nemesis.some(0.5, 3))
    node.set_clock(0.0)


async def fill_disk(nemesis: Nemesis) -> None:
    """Nothing can be added to the second gateway's journal for a while."""
    await asyncio.to_thread(_fill, nemesis.target.nodes[1].directory / "data" / "filler")
    await asyncio.sleep(nemesis.some(0.5, 2))
    (nemesis.target.nodes[1].directory / "data" / "filler").unlink()


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


IN_WINDOWS = "kill -9 of both gateways where it does harm"


def kinds(target: Installation) -> dict[str, Fault]:
    """All that can be done to *target*, by name, if it is sound."""
    found: dict[str, Fault] = {
        "kill -9 of a gateway": kill_gateway,
        "kill -9 of both gateways": kill_both_gateways,
        "SIGSTOP of a gateway": pause_gateway,
        "kill -9 of PostgreSQL": kill_postgres,
        "LOCK TABLE strands": lock_table,
        "clock of a gateway steps": step_clock,
    }
    for mode in ("swallow", "blackhole", "reset", "slow"):
        found[f"PostgreSQL's line: {mode}"] = postgres_line(mode)
    if target.small_journal:
        found["disk of a journal full"] = fill_disk
    if target.to_redis is not None:
        found |= {
            "kill -9 of Redis, back empty": kill_redis,
            "SIGSTOP of Redis": pause_redis,
            "FLUSHALL": redis_command("FLUSHALL"),
            "SCRIPT FLUSH": redis_command("SCRIPT", "FLUSH"),
            "Redis out of memory": redis_command(
                "CONFIG", "SET", "maxmemory", "1", after=("CONFIG", "SET", "maxmemory", "0")
            ),
        }
        for mode in ("swallow", "blackhole", "reset", "slow"):
            found[f"Redis's line: {mode}"] = redis_line(mode)
    return found
