"""The journal as the pipeline sees it: what was answered 2xx, in order, until the ledger has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.errors import Unavailable


class JournalFull(Unavailable):
    """The bound in unapplied bytes is reached, or the disk is; nothing was written."""


@dataclass(frozen=True, slots=True)
class Record:
    """One request's body, durable under (journal, seq). `received_at` never runs backwards."""

    seq: int
    received_at: datetime
    tenant: int
    source: str
    body: bytes


class Journal(Protocol):
    """One process's own journal, open for appending."""

    @property
    def id(self) -> str:
        """Random per process start: a sequence never restarts under an id."""

    async def append(
        self, received_at: datetime, tenant: int, source: str, body: bytes, checked: object
    ) -> int:
        """Returns the record's seq once it is on disk, or raises JournalFull.

        *checked* is handed on with the record, in memory only, to whoever takes committed records.
        """

    async def read(self, after: int, limit_bytes: int) -> Sequence[Record]:
        """Committed records with seq > *after*, in order, at least one if there is one."""

    async def trim(self, applied: int) -> None:
        """The ledger has every record up to and including *applied*."""
