"""One segment: a SQLite file with a run of one journal's records, used by one thread.

Records stay in the write-ahead log: most are applied and unlinked before copying them would pay.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import Protocol

import msgspec

from gateway.intake.journal import Record
from gateway.storage.journal.files import (
    create_private_file,
    keep_evidence,
    sync_directory,
    without_its_name,
    write_ahead_log,
)
from gateway.storage.journal.wal import lost_commits

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_FORMAT = 1
_PAGE_BYTES = 8_192
_MEASURED_EVERY_GROUPS = 32
_MEASURED_EVERY_BYTES = 4 * 2**20
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class DamagedSegmentError(sqlite3.DatabaseError):
    """The file is not what was written: not a database, torn, or something is missing from it."""


class Entry(Protocol):
    """A record that has no seq yet."""

    received_us: int
    """Microseconds since the epoch."""
    tenant: int
    source: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says of itself; see segment.sql."""

    journal: str
    number: int
    first_seq: int
    previous_seq: int


@dataclass(frozen=True, slots=True)
class Extent:
    """The records in a segment, or in a part of one."""

    records: int
    body_bytes: int
    first_seq: int
    """0 if there are no records, as are the next two."""
    last_seq: int
    oldest_us: int


class Segment:
    """Use from one thread; raises sqlite3.Error and OSError as they come."""

    def __init__(self, path: Path, connection: sqlite3.Connection, header: Header) -> None:
        self.path = path
        self.header = header
        self._connection = connection
        self._groups_since_measured = 0
        self._bytes_since_measured = 0
        self._bytes_since_compacted = 0

    @classmethod
    def create(cls, path: Path, header: Header) -> "Segment":
        """A new file, durable with its name."""
        create_private_file(path)
        connection = _connect(path)
        try:
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript("BEGIN IMMEDIATE;" + _statement("segment.sql"))
            connection.execute(
                "INSERT INTO header VALUES (?, ?, ?, ?)",
                (header.journal, header.number, header.first_seq, header.previous_seq),
            )
            connection.execute("COMMIT")
            sync_directory(path.parent)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection, header)

    @classmethod
    def open(cls, path: Path) -> "Segment | None":
        """An existing one, recovered if need be; None if its creation was never finished."""
        log = write_ahead_log(path)
        if path.stat().st_size == 0 and log.exists() and log.stat().st_size > 0:
            # SQLite would take the empty file for a new database and delete the log.
            raise DamagedSegmentError("the database is empty and its write-ahead log is not")
        connection = _connect(path)
        try:
            header = _read_header(connection)
            if header is None and lost_commits(log, page_count=1):
                raise DamagedSegmentError("the beginning of the write-ahead log is lost")
        except BaseException as error:
            if is_damage(error):
                keep_evidence(path)  # closing may remove the log
            connection.close()
            raise
        if header is None:
            connection.close()
            return None
        return cls(path, connection, header)

    def insert(self, first_seq: int, group: Sequence[Entry]) -> None:
        """Write and fsync all or nothing."""
        sizes = [len(entry.body) for entry in group]
        offsets = accumulate(sizes[:-1], initial=1)
        rows = [
            (entry.received_us, entry.tenant, entry.source, offset, size)
            for entry, offset, size in zip(group, offsets, sizes, strict=True)
        ]
        bodies = b"".join([entry.body for entry in group])
        # One statement, since each gives the interpreter's lock away and must wait to get it back.
        self._connection.execute(
            _statement("insert.sql"), (bodies, msgspec.json.encode(rows).decode(), first_seq)
        )
        self._groups_since_measured += 1
        self._bytes_since_measured += len(bodies)
        self._bytes_since_compacted += len(bodies)

    def read(self, after: int, limit_bytes: int) -> list[Record]:
        """Records with seq > *after*, up to *limit_bytes* of bodies, at least one if there is one.

        Raises DamagedSegmentError only if it cannot read a single one.
        """
        found: list[Record] = []
        room = limit_bytes
        query = "SELECT * FROM records WHERE seq > ? ORDER BY seq"
        try:
            with closing(self._connection.execute(query, (after,))) as cursor:
                for seq, received_us, tenant, source, body in cursor:
                    room -= len(body)
                    if found and room < 0:
                        break
                    received_at = EPOCH + timedelta(microseconds=received_us)
                    found.append(Record(seq, received_at, tenant, source, body))
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            if not found:
                raise DamagedSegmentError(str(error)) from error
        return found

    def extent(self, after: int = 0, upto: int = 2**62) -> Extent:
        """Of the records with *after* < seq <= *upto*; reads no bodies."""
        query = (
            "SELECT count(*), coalesce(sum(length(body)), 0), coalesce(min(seq), 0),"
            " coalesce(max(seq), 0), coalesce(min(received_at), 0)"
            " FROM records WHERE seq > ? AND seq <= ?"
        )
        return Extent(*_one_row(self._connection, query, (after, upto)))

    def lost_commits(self) -> bool:
        """Whether the log holds answered groups that SQLite does not show."""
        (pages,) = _one_row(self._connection, "PRAGMA page_count")
        return lost_commits(write_ahead_log(self.path), pages)

    def due(self) -> bool:
        """Enough was written to look at the size again, which costs system calls."""
        return (
            self._groups_since_measured >= _MEASURED_EVERY_GROUPS
            or self._bytes_since_measured >= _MEASURED_EVERY_BYTES
        )

    def measure(self) -> tuple[int, int]:
        """Bytes on disk: of the database, and of its write-ahead log."""
        self._groups_since_measured = self._bytes_since_measured = 0
        return self.path.stat().st_size, write_ahead_log(self.path).stat().st_size

    def wasteful(self, log_bytes: int) -> bool:
        """The log holds mostly repeated pages, as many small groups leave them."""
        return log_bytes >= 4 * self._bytes_since_compacted

    def compact(self) -> None:
        """Copy the log's newest pages into the database and empty the log."""
        self._bytes_since_compacted = 0
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def rest(self) -> None:
        """No more writing: give memory back."""
        self._connection.execute("PRAGMA cache_size = -256")
        self._connection.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Leave the log as it is: to copy it would cost what an outage's backlog weighs."""
        with without_its_name(self.path):
            self._connection.close()


def is_damage(error: BaseException) -> bool:
    """The file itself is broken; anything else may pass (disk full, lock, too many files)."""
    if isinstance(error, DamagedSegmentError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGE


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path.absolute().as_uri() + "?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=5.0,
        check_same_thread=False,  # another one may close it
    )
    try:
        # Exclusive before the first look: then SQLite keeps no shared memory beside the log.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA cache_size = -8192")
    except BaseException:
        connection.close()
        raise
    return connection


def _read_header(connection: sqlite3.Connection) -> Header | None:
    if _one_row(connection, "SELECT count(*) FROM sqlite_master") == (0,):
        return None
    (version,) = _one_row(connection, "PRAGMA user_version")
    if version != _FORMAT:
        raise sqlite3.NotSupportedError(f"segment format {version} is unknown here")
    row = connection.execute("SELECT * FROM header").fetchone()
    if row is None:
        raise DamagedSegmentError("the header is missing")
    return Header(*row)


def _one_row(
    connection: sqlite3.Connection, query: str, parameters: Iterable[int] = ()
) -> tuple[int, ...]:
    row: tuple[int, ...] = connection.execute(query, tuple(parameters)).fetchone()
    return row


@cache
def _statement(name: str) -> str:
    return files("gateway.storage.journal").joinpath(name).read_text("utf-8")
