"""What the journal's tests share: who takes committed records, crashes, and disks that are full."""

import resource
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from gateway.intake.journal import Record
from gateway.storage.journal.journal import JournalOptions, SegmentJournal, open_journal

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
SMALL = JournalOptions(segment_bytes=2**20, probe_interval=timedelta(hours=1))
"""Segments that a test can fill, and a disk that is tried when a test says so."""
TENANT = 1
HALF_A_SEGMENT = b"x" * 600_000
"""Of SMALL."""


class Taken:
    """Stands where the pipeline will: keeps each group that it is given."""

    def __init__(self) -> None:
        self.groups: list[list[tuple[Record, object]]] = []

    def __call__(self, committed: list[tuple[Record, object]]) -> None:
        self.groups.append(committed)

    @property
    def records(self) -> list[Record]:
        return [record for group in self.groups for record, _ in group]


class Readable(Protocol):
    async def read(self, after: int, limit_bytes: int) -> Sequence[Record]: ...


def opened(
    root: Path, taken: Taken | None = None, options: JournalOptions = SMALL
) -> AbstractAsyncContextManager[SegmentJournal]:
    return open_journal(root, options, taken or Taken())


async def append(journal: SegmentJournal, body: bytes, after_noon_s: float = 0) -> int:
    received_at = NOON + timedelta(seconds=after_noon_s)
    return await journal.append(received_at, TENANT, "prometheus", body, None)


async def read_all(journal: Readable, after: int = 0, limit_bytes: int = 100_000) -> list[Record]:
    found: list[Record] = []
    while part := await journal.read(after, limit_bytes):
        found += part
        after = part[-1].seq
    return found


def bodies(records: Sequence[Record]) -> list[bytes]:
    return [record.body for record in records]


def crash_image(root: Path, image: Path) -> Path:
    """What a process killed at this moment leaves: the files as they are, and no lock."""
    shutil.copytree(root, image)
    return image


async def crashed(tmp_path: Path, *written: bytes) -> Path:
    """A root that a process left which had appended these one by one."""
    live = tmp_path / "live"
    async with opened(live) as journal:
        for n, body in enumerate(written):
            await append(journal, body, after_noon_s=n)
        await read_all(journal)  # then the thread rests, and no file changes while it is copied
        crash_image(live, tmp_path / "image")
    shutil.rmtree(live)
    return tmp_path / "image"


def segments(root: Path) -> list[Path]:
    return sorted(root.glob("slot-*/*.segment"))


def files_beside_lock(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("slot-*/*") if path.name != "slot.lock")


@contextmanager
def no_file_beyond(limit_bytes: int) -> Iterator[None]:
    """A disk that is full for this process: no file grows beyond *limit_bytes*."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
