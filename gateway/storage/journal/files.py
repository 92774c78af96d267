"""Private files and folders whose names survive a power cut, and the names of segment files."""

import os
import re
from pathlib import Path

_SEGMENT_NAME = re.compile(r"([0-9a-f]{16,64})-([0-9]{6,})\.segment")


def segment_path(directory: Path, journal: str, number: int) -> Path:
    """Where segment *number* of a journal lies."""
    return directory / f"{journal}-{number:06d}.segment"


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


def set_aside(path: Path) -> None:
    """Rename a segment to `*.corrupt`."""
    keep_evidence(path)
    path.unlink(missing_ok=True)


def keep_evidence(path: Path) -> None:
    """Give a segment a second name, `*.corrupt`, which stays when the first is removed."""
    aside = aside_path(path)
    if path.exists() and not aside.exists():
        aside.hardlink_to(path)


def aside_path(path: Path) -> Path:
    return path.with_name(path.name + ".corrupt")
