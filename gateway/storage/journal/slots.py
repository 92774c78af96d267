"""Slots: folders of journals, each owned by at most one living process."""

import fcntl
import os
import re
import secrets
from itertools import count
from pathlib import Path

from gateway.storage.journal.files import make_private_directory, segment_files

ID_CHARACTERS = 16
"""Of a slot's id, with which the ids of all its journals begin."""


class Slot:
    """A locked folder. The lock ends with `release` or with the process, however it ends."""

    def __init__(self, directory: Path, lock: int) -> None:
        self.directory = directory
        self._lock: int | None = lock
        self.id = _id_in(lock)

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def take_slot(root: Path) -> Slot:
    """The first free slot, made if need be."""
    for number in count():
        directory = root / f"slot-{number}"
        make_private_directory(directory)
        if slot := _try_lock(directory):
            return slot
    raise AssertionError("there is always another number")


def take_abandoned_slots(root: Path) -> list[Slot]:
    """Slots that hold journals and have no living owner, locked for us."""
    taken = []
    for directory in sorted(root.glob("slot-*")):
        if segment_files(directory) and (slot := _try_lock(directory)):
            taken.append(slot)
    return taken


def _id_in(lock: int) -> str:
    """The slot's own, kept in its lock file; a fresh one if there is none."""
    written = os.pread(lock, ID_CHARACTERS, 0).decode("ascii", "replace")
    if re.fullmatch(r"[0-9a-f]+", written) and len(written) == ID_CHARACTERS:
        return written
    fresh = secrets.token_hex(ID_CHARACTERS // 2)
    os.pwrite(lock, fresh.encode("ascii"), 0)
    return fresh


def _try_lock(directory: Path) -> Slot | None:
    # The file is never unlinked: a lock on a name that is gone would exclude nobody.
    lock = os.open(directory / "slot.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except OSError:
        os.close(lock)
        raise
    return Slot(directory, lock)


def slots_in_use(root: Path) -> list[Path]:
    """Those that a living process holds."""
    in_use = []
    for directory in sorted(root.glob("slot-*")):
        slot = _try_lock(directory)
        if slot is None:
            in_use.append(directory)
        else:
            slot.release()
    return in_use


def slot_ids(root: Path) -> list[str]:
    """With which the ids of all journals begin that were ever kept here."""
    return [
        lock.read_text("ascii")[:ID_CHARACTERS] for lock in sorted(root.glob("slot-*/slot.lock"))
    ]
