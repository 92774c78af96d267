"""Who is measured side by side: the gateway, what could be picked instead, the bare framework."""

import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

import psutil

from benchmarks import load
from benchmarks.subject import REDIS, Subject, memory_of
from gateway.storage.embedded import open_private_postgres
from tests.programs import alertmanager, free_port, running

CACHE = REDIS.parent.parent
ALERTA = ("alerta-server==9.1.0", "gunicorn==27.0.1", "psycopg2-binary==2.9.13", "setuptools<81")
ALERTA_PROCESSES = 4
ALERTMANAGER_CONFIG = """
route: {receiver: nobody, group_by: [alertname, team], group_wait: 1h, group_interval: 1h}
receivers: [{name: nobody}]
"""
BARE = """
import sys, uvloop
from aiohttp import web
async def take(request):
    await request.read()
    return web.Response(status=200, content_type="application/json")
app = web.Application(client_max_size=1 << 24)
app.add_routes([web.post("/api/v2/alerts", take), web.get("/-/ready", lambda _: web.Response())])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None,
            loop=uvloop.new_event_loop())
"""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Peer:
    """A running program, and everything of it that costs CPU."""

    name: str
    port: int
    path: str
    cpu_seconds: Callable[[], float]
    memory_mib: Callable[[], float]
    settle: Callable[[], object] = bool
    """Waits until what was answered is done."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One round of one peer."""

    rate: float
    """Alerts answered a second."""
    cpu_us: float
    """Of all its processes, for each alert answered."""
    p50_ms: float
    p99_ms: float
    errors: int
    memory_mib: float


def measure(
    peer: Peer,
    bodies: Sequence[bytes],
    per_request: int,
    seconds: float | None,
    connections: int = 16,
) -> Measured:
    """Send *bodies* round and round for so long, or once each; closed loop."""
    requests = load.as_requests(bodies, peer.path, peer.port)
    before = peer.cpu_seconds()
    answers = load.run(requests, per_request, peer.port, connections=connections, seconds=seconds)
    peer.settle()
    spent = peer.cpu_seconds() - before
    return Measured(
        answers.alerts / answers.seconds,
        spent / max(1, answers.alerts) * 1e6,
        answers.percentile_ms(0.5),
        answers.percentile_ms(0.99),
        answers.errors,
        peer.memory_mib(),
    )


def interleaved(
    peers: Sequence[Peer], rounds: int, ask: Callable[[Peer], Measured]
) -> dict[str, list[Measured]]:
    """A, B, A, B: what the machine does meanwhile happens to both."""
    found: dict[str, list[Measured]] = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            found[peer.name].append(ask(peer))
    return found


def medians(found: Mapping[str, Sequence[Measured]]) -> dict[str, float]:
    """Of the CPU an alert."""
    return {name: median(one.cpu_us for one in rounds) for name, rounds in found.items()}


def as_peer(subject: Subject, path: str = "/api/v2/alerts") -> Peer:
    """The gateway, with its PostgreSQL and its Redis."""
    return Peer(
        "gateway",
        subject.port,
        path,
        lambda: sum(subject.cpu_seconds().values()),
        lambda: memory_of(subject.processes()),
        subject.wait_until_drained,
    )


def _of_process(name: str, port: int, path: str, pid: int) -> Peer:
    def processes() -> list[psutil.Process]:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]

    def cpu_seconds() -> float:
        return sum(sum(process.cpu_times()[:4]) for process in processes())

    return Peer(name, port, path, cpu_seconds, lambda: memory_of(processes()))


@contextmanager
def alertmanager_alone() -> Iterator[Peer]:
    """It keeps alerts in memory, and groups them for a receiver that is not there."""
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "alertmanager.yml"
        config.write_text(ALERTMANAGER_CONFIG)
        binary = CACHE / "bin" / "prometheus-alertmanager"
        with alertmanager(binary, config, Path(name)) as program:
            port = int(program.url.rpartition(":")[2])
            yield _of_process("Alertmanager", port, "/api/v2/alerts", program.process.pid)


@contextmanager
def bare_aiohttp() -> Iterator[Peer]:
    """The framework alone: reads the body and answers an empty 200."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-c", BARE, str(port)]
        log, url = Path(name) / "log", f"http://127.0.0.1:{port}"
        with running("bare", command, url=url, log=log) as program:
            yield _of_process("bare aiohttp", port, "/api/v2/alerts", program.process.pid)


@asynccontextmanager
async def alerta() -> AsyncIterator[Peer]:
    """alerta-server under gunicorn, on a PostgreSQL set up as the gateway's own."""
    python = _alerta_environment()
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o711)  # noqa: ASYNC240
        async with open_private_postgres(directory / "postgres", progress=bool) as server:
            command = [
                python.with_name("gunicorn"),
                # Made once, then shared: side by side its processes trip over each other's schema.
                *("--workers", str(ALERTA_PROCESSES), "--threads", "4", "--preload"),
                *("--bind", f"127.0.0.1:{port}", "alerta:create_app()"),
            ]
            settings = {"DATABASE_URL": server.url, "AUTH_REQUIRED": "False", "SECRET_KEY": "none"}
            with running(
                "alerta",
                command,
                url=f"http://127.0.0.1:{port}",
                log=directory / "alerta.log",
                is_ready=_serves,
                environment={**os.environ, **settings},
            ) as program:
                own = _of_process("alerta", port, "/webhooks/prometheus", program.process.pid)
                store = _of_process("postgres", 0, "", server.pid)
                yield Peer(
                    own.name,
                    port,
                    own.path,
                    lambda: own.cpu_seconds() + store.cpu_seconds(),
                    lambda: own.memory_mib() + store.memory_mib(),
                )


def _serves(url: str) -> bool:
    """alerta has no readiness of its own but this: its database answers."""
    try:
        with urllib.request.urlopen(f"{url}/management/gtg", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _alerta_environment() -> Path:
    """The Python of an environment of its own; made at the first call."""
    folder = CACHE / "alerta"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print("installing alerta into .cache/alerta ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *ALERTA], check=True)
        (folder / "ready").touch()
    return python
