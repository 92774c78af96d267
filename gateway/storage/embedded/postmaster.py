"""The running server: found again after a kill -9 of ours, awaited, and stopped.

`postmaster.pid` may name a process that is long gone, or, in a container above all, a process of
another kind that got its number; only a PostgreSQL on this very cluster is taken for the server.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

STOP_GRACE_SECONDS = 30.0
"""For a fast shutdown, whose checkpoint spares the next start a recovery."""
CRASH_GRACE_SECONDS = 10.0
"""For an immediate one, which loses nothing but that time."""
_TURN_SECONDS = 0.02
_PATIENCE_SECONDS = 5.0

_NOT_YET = (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError)
"""How a server that is still starting, or recovering, or full for a moment, turns a client away."""


@dataclass(slots=True)
class Postmaster:
    """One running server process."""

    pid: int
    cluster: Path
    socket_dir: Path
    child: subprocess.Popen[bytes] | None = None
    """None for one that another gateway left running."""

    @property
    def url(self) -> str:
        """For asyncpg, as the cluster's superuser. All said here: no PG… variable may interfere."""
        return f"postgresql:///postgres?host={quote(str(self.socket_dir))}&port=5432&user=postgres"

    def alive(self) -> bool:
        """Also reaps it, if it is ours and has ended."""
        if self.child is not None:
            return self.child.poll() is None
        return _is_postmaster(self.pid, self.cluster)

    async def ready(self, progress: Callable[[str], None]) -> bool:
        """Wait until it takes connections; False if it ended instead."""
        loop = asyncio.get_running_loop()
        patience_ends = loop.time() + _PATIENCE_SECONDS
        while self.alive():
            with suppress(*_NOT_YET, asyncpg.TooManyConnectionsError):
                connection = await asyncpg.connect(self.url, timeout=5)
                await connection.close()
                return True
            if loop.time() > patience_ends:
                progress("Waiting for PostgreSQL, which recovers from a hard stop ...")
                patience_ends = loop.time() + 60
            await asyncio.sleep(_TURN_SECONDS)
        return False

    async def stop(self, progress: Callable[[str], None]) -> None:
        """End it, and return when it has."""
        if await self._ends_after(signal.SIGINT, STOP_GRACE_SECONDS):
            return
        progress(f"PostgreSQL has not stopped within {STOP_GRACE_SECONDS:.0f} s; stopping it hard")
        if await self._ends_after(signal.SIGQUIT, CRASH_GRACE_SECONDS):
            return
        await self._ends_after(signal.SIGKILL, CRASH_GRACE_SECONDS)

    async def _ends_after(self, number: signal.Signals, grace_seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        grace_ends = loop.time() + grace_seconds
        with suppress(ProcessLookupError):
            if self.alive():
                os.kill(self.pid, number)
        while self.alive():
            if loop.time() > grace_ends:
                return False
            await asyncio.sleep(_TURN_SECONDS)
        return True


def running_postmaster(cluster: Path) -> Postmaster | None:
    """The server that an earlier gateway left running on this cluster."""
    lines = _pid_file(cluster)
    # The socket's directory is the fifth line, written as soon as there is one.
    if len(lines) < 5 or not _is_postmaster(int(lines[0]), cluster):
        return None
    return Postmaster(int(lines[0]), cluster, Path(lines[4]))


def start_variables(cluster: Path) -> dict[str, str]:
    """What the environment must tell a new server about the pid file of the last.

    PostgreSQL refuses to start while a process of that number exists, whatever it is; but for its
    grandparent's, so that number is passed for it. Its check for backends that still run stays.
    """
    lines = _pid_file(cluster)
    return {"PG_GRANDPARENT_PID": lines[0].lstrip("-")} if lines else {}


def _pid_file(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def _is_postmaster(pid: int, cluster: Path) -> bool:
    process = Path("/proc") / str(pid)
    if not Path("/proc/self").exists():
        return _exists(pid)
    try:
        if not (process / "comm").read_text("utf-8").startswith("postgres"):
            return False
        # Empty for a zombie.
        return str(cluster) in (process / "cmdline").read_text("utf-8").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return False


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
