"""The journal as the pipeline sees it: what was answered 2xx, in order, until the ledger has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.errors import Unavailable
from gateway.intake.delivery.checker import Checked

BEGUN_LIMIT = 3
"""A leftover's record that was begun so often without an end is dead-lettered: it has ended the
process three times, not counting the one that left no trace."""


class JournalFull(Unavailable):
    """The bound in unapplied bytes is reached, or the disk is; nothing was written."""


@dataclass(frozen=True, slots=True)
class Record:
    """One request's body, durable under (journal, seq).

    `received_at` is the receipt of its first sighting, a microsecond before that of its second, and
    lies behind those of all sightings before it, whatever the clock does.
    """

    seq: int
    received_at: datetime
    tenant: int
    source: str
    body: bytes
    letter: bytes = b""
    """The digest of the dead letter that is taken in again; empty: a delivery."""


class Journal(Protocol):
    """One process's own journal, open for appending."""

    @property
    def id(self) -> str:
        """Random per process start: a sequence never restarts under an id."""

    async def append(
        self,
        received_at: datetime,
        tenant: int,
        source: str,
        body: bytes,
        checked: Checked,
        sightings: int = 1,
        letter: bytes = b"",
    ) -> int:
        """Returns the record's seq once it is on disk, or raises JournalFull; or Unavailable when
        the disk takes too long, and the record may be applied all the same.

        *sightings* says how many receipts the record takes up, a microsecond each.
        *checked* is handed on with the record, in memory only, to whoever takes committed records.
        Sequences rise but have holes. To stop waiting undoes nothing: the record may be applied,
        and so may, after a restart, one whose write failed.
        """

    async def read(self, after: int, limit_bytes: int) -> Sequence[Record]:
        """Committed records with seq > *after*, in order, at least one if there is one.

        May give fewer than there are and than *limit_bytes* allows; none means that there are none.
        Raises Unavailable when the disk fails.
        """

    async def trim(self, applied: int) -> None:
        """The ledger has every record up to and including *applied*."""


class JournalHealth(Protocol):
    """What readiness and metrics want to know. Journals of earlier starts are included."""

    @property
    def writable(self) -> bool:
        """The last write worked, and the bound is not reached."""

    @property
    def unapplied_bytes(self) -> int:
        """Of bodies."""

    @property
    def unapplied_records(self) -> int: ...

    @property
    def oldest_unapplied_at(self) -> datetime | None:
        """`received_at` of the oldest record that the ledger does not have."""

    @property
    def damaged_segments(self) -> int:
        """Found damaged since the start and set aside: answered requests may be lost."""


class Leftover(Protocol):
    """The journal of an earlier process start: drained like one's own, then discarded."""

    @property
    def id(self) -> str: ...

    @property
    def last_seq(self) -> int:
        """Of its last record."""

    async def read(self, after: int, limit_bytes: int) -> Sequence[Record]:
        """As `Journal.read`."""

    async def trim(self, applied: int) -> None:
        """As `Journal.trim`."""

    async def begin(self, seq: int) -> int:
        """Note durably that the record is about to be applied alone.

        Returns how many times it was begun before without an end; see BEGUN_LIMIT.
        """

    async def end(self) -> None:
        """The record begun is in the ledger, applied or dead-lettered."""

    async def discard(self) -> None:
        """The ledger has every record: remove it for good."""
