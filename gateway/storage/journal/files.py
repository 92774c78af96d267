"""Private files and folders whose names survive a power cut, and the names of segment files."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SEGMENT_NAME = re.compile(r"([0-9a-f]{16,64})-([0-9]{6,})\.sqlite")
_AWAY = ".closing"
_SUFFIXES = ("", "-wal", "-shm", "-journal")
"""The database first: as long as it has its name, its write-ahead log has too."""


def segment_path(directory: Path, journal: str, number: int) -> Path:
    """Where segment *number* of a journal lies."""
    return directory / f"{journal}-{number:06d}.sqlite"


def segment_files(directory: Path) -> dict[str, list[Path]]:
    """Journal id → its segment files in order of their numbers."""
    found: dict[str, list[tuple[int, Path]]] = {}
    for path in directory.iterdir():
        if match := _SEGMENT_NAME.fullmatch(path.name):
            found.setdefault(match[1], []).append((int(match[2]), path))
    return {journal: [path for _, path in sorted(paths)] for journal, paths in found.items()}


def sync_directory(directory: Path) -> None:
    """Make names made or removed in it durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private_directory(directory: Path) -> None:
    """Make it and its parents, 0700, durably; one that exists is left as it is."""
    if directory.is_dir():
        return
    make_private_directory(directory.parent)
    directory.mkdir(mode=0o700, exist_ok=True)
    sync_directory(directory.parent)


def create_private_file(path: Path) -> None:
    """An empty new file, 0600; SQLite gives its write-ahead log the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def unlink_database(path: Path) -> None:
    """Remove a database with all that SQLite keeps beside it."""
    for name in _beside(path):
        name.unlink(missing_ok=True)


def set_aside(path: Path) -> None:
    """Rename a database to `*.corrupt`, in a way that SQLite's own tools can still open it."""
    keep_evidence(path)
    unlink_database(path)


def keep_evidence(path: Path) -> None:
    """Give a database a second name, `*.corrupt`, which stays when the first is removed."""
    for name, aside in zip(_beside(path), _beside(aside_path(path)), strict=True):
        if name.exists() and not aside.exists():
            aside.hardlink_to(name)


@contextmanager
def without_its_name(path: Path) -> Iterator[None]:
    """Meanwhile SQLite takes the database for moved, and on closing copies no log into it."""
    away = path.with_name(path.name + _AWAY)
    try:
        path.rename(away)
    except OSError:  # removed, or a disk that takes no names: then closing may copy
        yield
        return
    try:
        yield
    finally:
        away.rename(path)


def give_names_back(directory: Path) -> None:
    """To databases whose process ended within `without_its_name`."""
    for away in directory.glob("*" + _AWAY):
        away.rename(away.with_name(away.name.removesuffix(_AWAY)))


def aside_path(path: Path) -> Path:
    return path.with_name(path.name + ".corrupt")


def write_ahead_log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _beside(path: Path) -> Iterator[Path]:
    return (path.with_name(path.name + suffix) for suffix in _SUFFIXES)
