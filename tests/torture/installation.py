"""What is tortured: PostgreSQL, Redis, two gateways, and bad lines between them."""

import asyncio
import shutil
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
from aiohttp import ClientSession

from gateway.storage.embedded import PrivatePostgres, open_private_postgres
from gateway.storage.postgres.schema.migrate import migrate
from tests.acceptance.harness import metric
from tests.programs import Program, free_port, redis, running
from tests.torture.workload import RULES

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "log_min_error_statement": "panic",
    "max_wal_size": "128MB",  # a run may lie in memory
    "min_wal_size": "32MB",
}
FLUSH_SECONDS = 2.0
ANSWER_WITHIN = "150ms"
"""How long Redis may take, as by default."""
PATIENT = "60s"
"""What a call to Redis counts that is not heard is counted twice: where nothing but the end of a
process may do that, a busy machine must not make Redis look slow.
"""
SMALL_JOURNAL = "64m"


class Proxy:
    """One bad line, run as a program of its own."""

    def __init__(self, place: str, target: str) -> None:
        command = [sys.executable, "-m", "tests.torture.proxy", place, target]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self._said() == "ready"

    def turn(self, mode: str) -> None:
        """Returns when it is so."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{mode}\n")
        self.process.stdin.flush()
        assert self._said() == mode

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@dataclass(slots=True)
class Node:
    """One gateway with a data directory of its own; started again when it was killed."""

    name: str
    directory: Path
    variant: str
    port: int = field(default_factory=free_port)
    program: Program | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def clock(self) -> Path:
        return self.directory / "clock"

    @property
    def window(self) -> Path:
        """There while a kill does harm, to a gateway that does wrong."""
        return self.directory / "window"

    def configure(self, postgres: str, cache: str, answer_within: str) -> None:
        self.directory.mkdir()
        self.set_clock(0.0)
        (self.directory / "gateway.toml").write_text(
            f'data_dir = "data"\nhttp.listen = "127.0.0.1:{self.port}"\n'
            f'[postgres]\nurl = "{postgres}"\n'
            f'[redis]\nurl = "{cache}"\nflush_interval = "{FLUSH_SECONDS:g}s"\n'
            f'answer_within = "{answer_within}"\n{RULES}'
        )

    def set_clock(self, seconds: float) -> None:
        """Wrong by so many seconds; the file itself stays, since it is mapped."""
        with self.clock.open("r+b" if self.clock.exists() else "w+b") as file:
            file.write(struct.pack("d", seconds))

    def start(self) -> None:
        self.window.unlink(missing_ok=True)
        config, log = self.directory / "gateway.toml", self.directory / "gateway.log"
        command: list[str | Path] = [sys.executable, "-m", "tests.torture.gateway"]
        command += [self.variant, self.clock, "serve", "--config", config]
        self.program = self._stack.enter_context(running(self.name, command, url=self.url, log=log))

    def kill(self) -> None:
        assert self.program is not None
        self.program.kill()

    def stop(self) -> None:
        assert self.program is not None
        assert self.program.stop() == 0

    def close(self) -> None:
        self._stack.close()


@dataclass(slots=True)
class Installation:
    """All of it, running. *cache* is None where the gateways have no Redis."""

    directory: Path
    postgres: PrivatePostgres
    nodes: list[Node]
    to_postgres: Proxy
    to_redis: Proxy | None = None
    redis_port: int = 0
    redis_binary: Path = ROOT / ".cache" / "bin" / "redis-server"
    cache: Program | None = None
    small_journal: bool = False
    """The second gateway's data directory is a small file system of its own."""
    _caches: ExitStack = field(default_factory=ExitStack)

    def start_redis(self) -> None:
        """Empty, on the port that it had."""
        started = redis(self.redis_binary, self.directory, port=self.redis_port)
        self.cache = self._caches.enter_context(started)

    async def revive_postgres(self) -> None:
        await self.postgres.revive()

    def heal(self) -> None:
        """Every line is good again; who was killed is not started here."""
        self.to_postgres.turn("pass")
        if self.to_redis is not None:
            self.to_redis.turn("pass")
        for node in self.nodes:
            node.set_clock(0.0)

    async def drained(self) -> bool:
        """Has everything in the journals been applied?"""
        async with ClientSession() as session:
            for node in self.nodes:
                async with session.get(f"{node.url}/metrics") as response:
                    text = await response.text()
                if metric(text, "gateway_journal_unapplied_records", {}) > 0:
                    return False
        connection = await asyncpg.connect(self.postgres.url)
        try:
            # a journal left behind by a kill has no gauge of its own
            left = await connection.fetchval("SELECT count(*) FROM journal_progress")
        finally:
            await connection.close()
        return bool(left == len(self.nodes))

    def close(self) -> None:
        self._caches.close()


@asynccontextmanager
async def installed(
    directory: Path,
    *,
    with_redis: bool,
    variant: str = "sound",
    answer_within: str = ANSWER_WITHIN,
) -> AsyncIterator[Installation]:
    """Started; nothing of it is left running."""
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(
            open_private_postgres(directory / "postgres", progress=_nothing, settings=SETTINGS)
        )
        await migrate(postgres.url, progress=_nothing)
        sockets = directory / "line"
        sockets.mkdir()
        sockets.chmod(0o755)
        line = Proxy(f"{sockets}/.s.PGSQL.5432", f"{_socket_directory(postgres.url)}/.s.PGSQL.5432")
        stack.callback(line.close)
        nodes = [Node(f"gateway-{name}", directory / name, variant) for name in "ab"]
        one = Installation(directory, postgres, nodes, line)
        stack.callback(one.close)
        cache = ""
        if with_redis:
            one.redis_port, port = free_port(), free_port()
            await asyncio.to_thread(one.start_redis)
            one.to_redis = Proxy(f"127.0.0.1:{port}", f"127.0.0.1:{one.redis_port}")
            stack.callback(one.to_redis.close)
            cache = f"redis://127.0.0.1:{port}"
        for node in nodes:
            url = f"postgresql:///postgres?host={sockets}&user=postgres"
            node.configure(url, cache, answer_within)
            stack.callback(node.close)
        one.small_journal = _mount_small(nodes[1].directory / "data", stack)
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes))
        yield one


def _socket_directory(url: str) -> str:
    return parse_qs(urlsplit(url).query)["host"][0]


def _mount_small(directory: Path, stack: AsyncExitStack) -> bool:
    """A file system that can be filled; only root may mount one."""
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_JOURNAL}", "torture", str(directory)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        return False
    stack.callback(subprocess.run, ["umount", "--lazy", str(directory)], capture_output=True)
    return True


def _nothing(text: str) -> None:
    pass
