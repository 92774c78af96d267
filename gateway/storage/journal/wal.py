"""What SQLite does not say of a write-ahead log: that it dropped commits which were on disk.

Reading stops at the first frame whose checksum fails. After a crash what follows is one unfinished
group; if more than one finished group follows, an earlier one was fsynced, answered, then damaged.
Source: the SQLite file format, "The Write-Ahead Log".
"""

import os
import struct
from pathlib import Path

_HEADER = struct.Struct(">I4xI20x")
_FRAME = struct.Struct(">4xI16x")
_MAGIC = (0x377F0682, 0x377F0683)


def lost_commits(path: Path, page_count: int) -> bool:
    """Whether the log at *path* holds finished groups that *page_count* does not account for.

    *page_count* is the database's size in pages as SQLite sees it. A segment only grows, so a
    commit frame that announces more pages is one that SQLite did not accept.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return _lost_commits(descriptor, page_count)
    finally:
        os.close(descriptor)


def _lost_commits(descriptor: int, page_count: int) -> bool:
    header = os.pread(descriptor, _HEADER.size, 0)
    if len(header) < _HEADER.size:
        return False
    magic, page_bytes = _HEADER.unpack(header)
    if magic not in _MAGIC or page_bytes < 512:
        return True
    unaccounted = 0
    stride = _FRAME.size + page_bytes
    for offset in range(_HEADER.size, os.fstat(descriptor).st_size - stride + 1, stride):
        (pages_after_commit,) = _FRAME.unpack(os.pread(descriptor, _FRAME.size, offset))
        unaccounted += pages_after_commit > page_count
    return unaccounted > 1
