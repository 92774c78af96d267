"""The book of senders' tokens, as every process keeps it: read as `gateway_door`, which sees of all
tenants' senders what is needed to know them, and remembered in a file for a start without
PostgreSQL.
"""

from collections.abc import Sequence
from pathlib import Path

from gateway.access.book import KnownSender, SendersBook, read_back, written
from gateway.storage.postgres.kernel.clock import asking_as
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.statements import load
from gateway.storage.private_file import replace_privately

SQL = load("access")


class SendersFile:
    """Readable by nobody else; whole or not at all. Processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Sequence[KnownSender]:
        """Nothing on the very first start."""
        try:
            return read_back(self._path.read_bytes())
        except FileNotFoundError:
            return ()

    def write(self, senders: Sequence[KnownSender]) -> None:
        """In place of what was remembered."""
        replace_privately(self._path, written(senders))


class PostgresSenders:
    """Keeps *book* up to date, and *file* with it."""

    def __init__(self, database: Database, book: SendersBook, file: SendersFile) -> None:
        self._database = database
        self._book = book
        self._file = file

    async def turn(self) -> bool:
        """Reads them anew if any has changed. Raises Unavailable while PostgreSQL is away."""
        async with asking_as("door", self._database) as driver:
            # The version first: what changes after it is read again the next time.
            version = await driver.fetchval(SQL["version"])
            if version == self._book.version:
                return False
            rows = await driver.fetch(SQL["senders"])
        senders = [
            KnownSender(
                row["id"], row["hash"], row["tenant_id"], row["source"], row["expires_at"]
            )
            for row in rows
        ]  # fmt: skip
        self._book.put(version, senders)
        self._file.write(senders)
        return False
