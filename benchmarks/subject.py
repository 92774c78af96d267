"""A gateway to measure: started as a user would, with its private PostgreSQL, on a free port."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.programs import Program
from tests.programs import redis as start_redis

REDIS = Path(__file__).parent.parent / ".cache" / "bin" / "redis-server"


@dataclass(slots=True)
class Subject:
    """A running gateway."""

    port: int
    process: subprocess.Popen[bytes]
    directory: Path
    redis: Program | None = None

    def cpu_seconds(self) -> dict[str, float]:
        """CPU so far by kind of process: the gateway's own, PostgreSQL's and Redis's."""
        spent = {"gateway": 0.0, "postgres": 0.0, "redis": 0.0}
        if self.redis is not None:
            times = psutil.Process(self.redis.process.pid).cpu_times()
            spent["redis"] = times.user + times.system
        for process in self._own():
            try:
                times = process.cpu_times()
                kind = "postgres" if "postgres" in process.name() else "gateway"
            except psutil.NoSuchProcess:
                continue
            # what ended children of PostgreSQL spent is in their parent's children's times
            spent[kind] += times.user + times.system
            if kind == "postgres":
                spent[kind] += times.children_user + times.children_system
        return spent

    def memory_mib(self) -> float:
        """Of the gateway's own processes."""
        return memory_of([one for one in self._own() if "postgres" not in one.name()])

    def processes(self) -> list[psutil.Process]:
        """All that serve: the gateway's own, PostgreSQL's, and Redis."""
        redis = [] if self.redis is None else [psutil.Process(self.redis.process.pid)]
        return self._own() + redis

    def metric(self, name: str) -> float:
        """The sum of one metric's series."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return sum(
            float(line.rpartition(" ")[2])
            for line in lines
            if line.split("{")[0].split(" ")[0] == name
        )

    def wait_until_drained(self, deadline_seconds: float = 900) -> float:
        """Seconds until nothing waits for the ledger."""
        started = time.perf_counter()
        while time.perf_counter() - started < deadline_seconds:
            if self.metric("gateway_journal_unapplied_records") == 0:
                return time.perf_counter() - started
            time.sleep(0.05)
        raise TimeoutError("the gateway did not drain")

    @property
    def postgres_url(self) -> str:
        """The private PostgreSQL, as superuser."""
        sockets = self.directory / "data" / "postgres" / "socket"
        return f"postgresql:///postgres?host={sockets.resolve()}&user=postgres"

    def _own(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]


def memory_of(processes: Iterable[psutil.Process]) -> float:
    """MiB resident; what several share is counted once."""
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20


@contextmanager
def gateway(options: str = "", *, redis: bool = False) -> Iterator[Subject]:
    """Start a gateway with *options* (TOML) added to the defaults; stopped at the end.

    With *redis* it has one of its own.
    """
    with ExitStack() as stack:
        cache = None
        if redis:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            cache = stack.enter_context(start_redis(REDIS, directory))
            options = f'{options}\n[redis]\nurl = "{cache.url}"\n'
        subject = stack.enter_context(serving(options))
        subject.redis = cache
        yield subject


@contextmanager
def serving(options: str) -> Iterator[Subject]:
    """A ready gateway with *options*; its PostgreSQL is a private one if they name none."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o711)
        config = directory / "gateway.toml"
        config.write_text(f'http.listen = "127.0.0.1:{port}"\n{options}\n')
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(config)]
        log = (directory / "gateway.log").open("wb")
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        subject = Subject(port, process, directory)
        try:
            _wait_ready(subject)
            yield subject
        finally:
            was_killed = process.poll() is not None
            process.send_signal(signal.SIGTERM)
            if process.wait(60) != 0 and not was_killed:
                print((directory / "gateway.log").read_text()[-4000:], file=sys.stderr)


def _wait_ready(subject: Subject) -> None:
    for _ in range(400):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{subject.port}/-/ready").close()
        except OSError:
            if subject.process.poll() is not None:
                raise RuntimeError((subject.directory / "gateway.log").read_text()) from None
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the gateway did not become ready")


def machine() -> str:
    """One line on where the figures come from."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown processor",
    )
    return f"{os.cpu_count()} cores, {model}, Python {sys.version.split()[0]}"
