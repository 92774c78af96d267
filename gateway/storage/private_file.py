"""Files that nobody else may read, replaced whole."""

import os
from pathlib import Path


def replace_privately(path: Path, content: bytes) -> None:
    """Whoever reads *path* meanwhile finds what was there or *content*, all of it."""
    fresh = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)
