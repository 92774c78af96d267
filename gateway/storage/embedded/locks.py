"""Two locks: one gateway on a data directory, one PostgreSQL on a cluster.

Both are `flock`s, which the kernel drops with the last process that holds them, whatever killed it,
and which hold between containers that share a volume, where process numbers say nothing.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from gateway.storage.embedded.failures import DataDirectoryInUse, PrivatePostgresFailed

_LEFTOVERS_SECONDS = 10.0
_TURN_SECONDS = 0.02


@contextmanager
def sole_gateway(data_dir: Path) -> Iterator[None]:
    """Hold the data directory against a second gateway, or raise DataDirectoryInUse."""
    descriptor = _open(data_dir / "postgres.lock")
    try:
        if not _lock(descriptor):
            raise DataDirectoryInUse(
                f"Another gateway runs on {data_dir}: stop it, or set another data_dir."
            )
        yield
    finally:
        os.close(descriptor)


@asynccontextmanager
async def sole_server(home: Path) -> AsyncIterator[int]:
    """A locked descriptor for the server to inherit: it and its children then hold the lock.

    Waits a moment for the processes of a killed server, which need it to notice.
    """
    descriptor = _open(home / "cluster.lock")
    loop = asyncio.get_running_loop()
    patience_ends = loop.time() + _LEFTOVERS_SECONDS
    try:
        while not _lock(descriptor):
            if loop.time() > patience_ends:
                raise PrivatePostgresFailed(
                    f"A PostgreSQL that cannot be seen from here runs on {home}: in another "
                    "container, or on a moved directory? Stop it first."
                )
            await asyncio.sleep(_TURN_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    # Read-only is enough, and works for a user on a file that root made.
    return os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
