"""Notes against a record that kills every process that applies it.

A record may end the process (memory, a bug in a library) before anything can be dead-lettered; see
gateway/intake/recovery.py for how its notes are used. A note names one record: beginning another
one forgets the last. An orderly stop ends what was begun. A kill while the ledger is away counts
like any other, so a record is best begun when the ledger can be reached.
"""

import os
from pathlib import Path

import msgspec

from gateway.logs import get_logger
from gateway.storage.journal.files import sync_directory

_logger = get_logger(__name__)


class _Note(msgspec.Struct, frozen=True):
    seq: int
    begun: int


class RecoveryNotes:
    """One small file per journal in *directory*. Waits for the disk: not in the event loop."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def begin(self, journal_id: str, seq: int) -> int:
        """Note durably that the record is being applied alone.

        Returns how many times it was begun before without an end: each was a kill.
        """
        begun = self.kills(journal_id, seq)
        try:
            self._write(journal_id, _Note(seq, begun + 1))
        except OSError as error:
            # On a full disk only draining makes room, so it goes on without a note.
            _logger.warning("a recovery note cannot be written", reason=str(error))
        return begun

    def kills(self, journal_id: str, seq: int) -> int:
        """How many times the record was begun without an end."""
        try:
            note = msgspec.json.decode(self._path(journal_id).read_bytes(), type=_Note)
        except (FileNotFoundError, msgspec.DecodeError):
            return 0
        return note.begun if note.seq == seq else 0

    def end(self, journal_id: str) -> None:
        """The record is in the ledger, applied or dead-lettered. A lost end does no harm."""
        self._path(journal_id).unlink(missing_ok=True)

    def forget_others(self, journal_ids: set[str]) -> None:
        """Remove the notes of journals that are gone."""
        for path in [*self._directory.glob("*.begun"), *self._directory.glob("*.draft")]:
            if path.stem not in journal_ids:
                path.unlink(missing_ok=True)

    def _write(self, journal_id: str, note: _Note) -> None:
        path = self._path(journal_id)
        draft = path.with_suffix(".draft")
        with os.fdopen(_open_private(draft), "wb") as file:
            file.write(msgspec.json.encode(note))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_directory(self._directory)

    def _path(self, journal_id: str) -> Path:
        return self._directory / f"{journal_id}.begun"


def _open_private(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
