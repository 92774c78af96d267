"""A private PostgreSQL from first start to last stop: home, cluster, server, in this order."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from gateway.storage.embedded.account import Account, account_for
from gateway.storage.embedded.binaries import Binaries, binaries_for, runnable
from gateway.storage.embedded.cluster import (
    cluster_version,
    command_line,
    create_cluster,
    take_ownership,
)
from gateway.storage.embedded.failures import PrivatePostgresFailed
from gateway.storage.embedded.home import STATE_DIR, find_home, make_passable, socket_directory
from gateway.storage.embedded.locks import sole_gateway, sole_server
from gateway.storage.embedded.postmaster import Postmaster, running_postmaster, start_variables

LARGEST_LOG_BYTES = 16 * 1024 * 1024
"""A larger log is set aside at the next start, in place of the one set aside before."""
_LAST_WORDS_BYTES = 2000
_WATCH_SECONDS = 1.0


class PrivatePostgres:
    """The server in one home directory; made by `open_private_postgres`."""

    def __init__(
        self,
        home: Path,
        account: Account,
        settings: Mapping[str, str],
        progress: Callable[[str], None],
    ) -> None:
        self.home = home
        self._account = account
        self._settings = settings
        self._progress = progress
        self._socket_dir: Path | None = None
        self._postmaster: Postmaster | None = None

    @property
    def url(self) -> str:
        """For asyncpg, as superuser of the database `postgres`. Stays when the server restarts."""
        assert self._postmaster is not None
        return self._postmaster.url

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        assert self._postmaster is not None
        return self._postmaster.pid

    async def start(self) -> None:
        """Take over the server that an earlier gateway left running, or start one."""
        self._postmaster = running_postmaster(self._cluster)
        if self._postmaster is not None:
            self._progress(f"Taking over the PostgreSQL left running (process {self.pid}) ...")
            if await self._postmaster.ready(self._progress):
                self._socket_dir = self._postmaster.socket_dir
                return
        await self._launch()

    async def keep_running(self) -> None:
        """Start it again whenever it is gone (killed for memory, say). Runs until cancelled.

        Raises PrivatePostgresFailed if it cannot; called again, it tries again.
        """
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            await self.revive()

    async def revive(self) -> None:
        """Start it again if it is gone. Raises PrivatePostgresFailed if it cannot."""
        if self._postmaster is not None and not self._postmaster.alive():
            self._progress(f"PostgreSQL (process {self.pid}) is gone; starting it again ...")
            await self._launch()

    async def stop(self) -> None:
        """A fast shutdown, awaited; a hard one where that takes too long."""
        if self._postmaster is None:
            return
        await self._postmaster.stop(self._progress)
        if self._postmaster.socket_dir.parent != self.home:
            shutil.rmtree(self._postmaster.socket_dir, ignore_errors=True)

    @property
    def _cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def _log(self) -> Path:
        return self.home / "postgres.log"

    async def _launch(self) -> None:
        async with sole_server(self.home) as held:
            binaries = await asyncio.to_thread(self._prepare)
            self._progress(f"Starting PostgreSQL {binaries.major} in {self.home} ...")
            # Not in a thread: a cancelled start must know what it started.
            self._postmaster = self._spawn(binaries, held)
        if not await self._postmaster.ready(self._progress):
            raise PrivatePostgresFailed(
                f"PostgreSQL does not start. The end of {self._log}:\n{self._last_words()}"
            )

    def _prepare(self) -> Binaries:
        binaries = binaries_for(cluster_version(self._cluster))
        binaries = runnable(binaries, self._account, self.home, self._progress)
        if self._cluster.exists():
            take_ownership(self._cluster, self._account)
        else:
            create_cluster(self._cluster, binaries, self._account, self._progress)
        self._set_large_log_aside()
        return binaries

    def _spawn(self, binaries: Binaries, held: int) -> Postmaster:
        # The same one for a restart, so that the URL stays.
        self._socket_dir = self._socket_dir or socket_directory(self.home, self._account)
        with self._log.open("ab") as log:
            self._account.own(self._log)
            child = self._account.launch(
                command_line(binaries, self._cluster, self._socket_dir, self._settings),
                log=log,
                variables=start_variables(self._cluster),
                held=held,
            )
        return Postmaster(child.pid, self._cluster, self._socket_dir, child)

    def _set_large_log_aside(self) -> None:
        if self._log.exists() and self._log.stat().st_size > LARGEST_LOG_BYTES:
            self._log.rename(self._log.with_name("postgres.log.1"))

    def _last_words(self) -> str:
        with self._log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LAST_WORDS_BYTES))
            return log.read().decode("utf-8", "replace")


@asynccontextmanager
async def open_private_postgres(
    data_dir: Path,
    *,
    progress: Callable[[str], None],
    settings: Mapping[str, str] | None = None,
    state_dir: Path = STATE_DIR,
) -> AsyncIterator[PrivatePostgres]:
    """The private PostgreSQL of a data directory, made if need be, stopped at the end.

    *progress* hears what is being done, for people; *settings* overrule the server's; *state_dir*
    takes the cluster where root's data directory is out of PostgreSQL's reach. Raises
    PrivatePostgresFailed, or DataDirectoryInUse while another gateway runs there.
    """
    with ExitStack() as stack:
        with _explained(data_dir):
            await asyncio.to_thread(make_passable, data_dir)
            stack.enter_context(sole_gateway(data_dir))
            home, account = await asyncio.to_thread(_settle, data_dir, state_dir, progress)
        server = PrivatePostgres(home, account, settings or {}, progress)
        try:
            with _explained(data_dir):
                await server.start()
            yield server
        finally:
            await server.stop()


@asynccontextmanager
async def private_postgres(
    data_dir: Path,
    *,
    progress: Callable[[str], None],
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[str]:
    """As `open_private_postgres`, for who needs only the URL."""
    async with open_private_postgres(data_dir, progress=progress, settings=settings) as server:
        yield server.url


def _settle(
    data_dir: Path, state_dir: Path, progress: Callable[[str], None]
) -> tuple[Path, Account]:
    data_dir = data_dir.resolve()
    account = account_for(data_dir / "postgres" / "cluster")
    return find_home(data_dir, account, state_dir, progress), account


@contextmanager
def _explained(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, asyncpg.PostgresError) as error:
        raise PrivatePostgresFailed(f"No private PostgreSQL in {data_dir}: {error}") from error
