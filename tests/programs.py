"""Real programs in tests: started on a free port, awaited by their own readiness, always ended.

Each is the first of a process group of its own, and the whole group is ended.

All of this blocks. A test whose own event loop must go on meanwhile, because it serves the program,
wraps the calls in `asyncio.to_thread`.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
PATIENCE_SECONDS = 180.0
"""For what comes within a second or two on an idle machine; only a failure takes so long."""
_TURN_SECONDS, _LONGEST_TURN_SECONDS = 0.02, 0.2
_marks: deque[socket.socket] = deque()
_MARKS_KEPT = 100


@dataclass(slots=True)
class Program:
    """One running program. *url* has no trailing slash; *log* holds what it wrote."""

    name: str
    url: str
    log: Path
    process: subprocess.Popen[bytes]

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and give its exit status; AssertionError if it does not."""
        self.process.terminate()
        return self._exit_status()

    def kill(self) -> None:
        """As a power cut would (SIGKILL)."""
        self.process.kill()
        self._exit_status()

    def pause(self) -> None:
        """As a machine that hangs: connections stay open, nothing answers (SIGSTOP)."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def _exit_status(self) -> int:
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} does not end; it says:\n{self.output()}") from None


def free_port(*, most: int = 65_535) -> int:
    """A port of the loopback that was free a moment ago and that no other test is given meanwhile,
    in whatever process it runs. At most *most*.
    """
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port <= most and _marked(port):
            return port


def _marked(port: int) -> bool:
    """A name that vanishes with its process, and with us once many others were given."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0port {port} of the gateway's tests")
    except OSError:
        mark.close()
        return False
    _marks.append(mark)
    if len(_marks) > _MARKS_KEPT:
        _marks.popleft().close()
    return True


def answers_ready(url: str) -> bool:
    """As Prometheus, Alertmanager and the gateway say it."""
    return _answers(f"{url}/-/ready")


def answers_at_all(url: str) -> bool:
    """It lives, and may not be ready for long."""
    return _answers(f"{url}/-/healthy")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def answers_ping(url: str) -> bool:
    """As Redis says it; it answers otherwise while it is loading."""
    where = urlsplit(url)
    try:
        with socket.create_connection((where.hostname, where.port), timeout=5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
    except OSError:
        return False


@contextmanager
def running(
    name: str,
    command: Sequence[str | Path],
    *,
    url: str,
    log: Path,
    is_ready: Callable[[str], bool] = answers_ready,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Program]:
    """Start it, wait until it is ready, and kill it at the end if it still runs.

    *log* is appended to, so that a restart keeps the earlier words. *environment* replaces ours.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    program = Program(name, url, log, process)
    try:
        _await_readiness(program, is_ready)
        yield program
    finally:
        if process.poll() is None:
            program.resume()
            program.kill()
        _end_rest_of(process.pid)


def _end_rest_of(group: int) -> None:
    """Its leader has ended. A process that has the leader's number by now is somebody else's, and
    so is its group; while anybody was left of ours, the number was not given again.
    """
    with suppress(ProcessLookupError):
        if not Path(f"/proc/{group}").exists():
            os.killpg(group, signal.SIGKILL)


@contextmanager
def prometheus(
    binary: Path, config: Path, directory: Path, *, port: int | None = None
) -> Iterator[Program]:
    """A Prometheus with its data and log in *directory*."""
    address = f"127.0.0.1:{port or free_port()}"
    command: list[str | Path] = [
        binary,
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'prometheus'}",
        f"--web.listen-address={address}",
        "--web.enable-lifecycle",
    ]
    log = directory / "prometheus.log"
    with running("prometheus", command, url=f"http://{address}", log=log) as program:
        yield program


@contextmanager
def alertmanager(
    binary: Path, config: Path, directory: Path, *, port: int | None = None
) -> Iterator[Program]:
    """An Alertmanager alone, without a cluster, with its data and log in *directory*."""
    address = f"127.0.0.1:{port or free_port()}"
    command: list[str | Path] = [
        binary,
        f"--config.file={config}",
        f"--storage.path={directory / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    log = directory / "alertmanager.log"
    with running("alertmanager", command, url=f"http://{address}", log=log) as program:
        yield program


@contextmanager
def redis(
    binary: Path, directory: Path, *arguments: str, port: int | None = None
) -> Iterator[Program]:
    """A Redis that keeps nothing on disk; *arguments* are more of its options."""
    number = port or free_port()
    command: list[str | Path] = [binary, "--bind", "127.0.0.1", "--port", str(number)]
    command += ["--save", "", "--appendonly", "no", "--dir", directory, *arguments]
    log, url = directory / "redis.log", f"redis://127.0.0.1:{number}"
    with running("redis", command, url=url, log=log, is_ready=answers_ping) as program:
        yield program


@contextmanager
def gateway(
    config: Path,
    *arguments: str,
    url: str,
    log: Path,
    is_ready: Callable[[str], bool] = answers_ready,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Program]:
    """The gateway as its users start it; *config* says that it listens at *url*."""
    command: list[str | Path] = [sys.executable, "-m", "gateway", "serve", "--config", config]
    command += arguments
    with running(
        "gateway", command, url=url, log=log, is_ready=is_ready, environment=environment
    ) as program:
        yield program


async def eventually(
    look: Callable[[], Awaitable[T]], *, within_seconds: float = PATIENCE_SECONDS
) -> T:
    """Look again and again until what is seen is true, and give that; the last look's error else.

    For what only the outside of another program shows. Inside one process, await its signal.
    """
    ends, turns = time.monotonic() + within_seconds, _turns()
    while True:
        try:
            seen = await look()
        except AssertionError:
            if time.monotonic() > ends:
                raise
        else:
            if seen:
                return seen
            assert time.monotonic() < ends, f"not within {within_seconds} s; seen last: {seen!r}"
        await asyncio.sleep(next(turns))


def _turns() -> Iterator[float]:
    """Seconds between looks: longer ones by and by, as each costs CPU that others wait for."""
    seconds = _TURN_SECONDS
    while True:
        yield seconds
        seconds = min(1.2 * seconds, _LONGEST_TURN_SECONDS)


def _await_readiness(program: Program, is_ready: Callable[[str], bool]) -> None:
    ends, turns = time.monotonic() + PATIENCE_SECONDS, _turns()
    while not is_ready(program.url):
        status = program.process.poll()
        assert status is None, f"{program.name} ended ({status}); it says:\n{program.output()}"
        assert time.monotonic() < ends, f"{program.name} is not ready:\n{program.output()}"
        time.sleep(next(turns))
