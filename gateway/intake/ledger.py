"""The ledger as the pipeline sees it: a batch and the journal's position go in whole, or not."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.alerts.memory import Confirmed
from gateway.effects.repeats import Held, Repeat, ReportKey
from gateway.errors import Conflict, GatewayError
from gateway.windows.sightings import Summed

LetterPlace = tuple[int, str, bytes]
"""Tenant, source and digest of a dead letter."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What was taken in and can be in no alert."""

    tenant: int
    source: str
    reason: str
    error: str
    raw: bytes
    batch: str
    at: datetime
    count: int = 1


@dataclass(slots=True)
class Heard:
    """First and last delivery of one source in a batch."""

    first: datetime
    last: datetime


@dataclass(slots=True)
class Batch:
    """Consecutive records of one journal, worked out: (after, last] in its sequence."""

    journal_id: str
    after: int
    last: int = 0
    news: dict[int, list[Summed]] = field(default_factory=dict)
    """By tenant, in the order of the journal."""
    repeats: dict[int, dict[ReportKey, Repeat]] = field(default_factory=dict)
    """By tenant."""
    held: dict[ReportKey, Held] = field(default_factory=dict)
    """What the absorber had held back of reports in it, and what is to be credited with them."""
    latest: dict[int, dict[bytes, Summed]] = field(default_factory=dict)
    """The last of the news of each strand: equal sightings that follow are added to it."""
    dead: list[DeadLetter] = field(default_factory=list)
    replayed: dict[LetterPlace, datetime] = field(default_factory=dict)
    """Dead letters that are taken in again with it, and when."""
    heard: dict[tuple[int, str], Heard] = field(default_factory=dict)
    silence_versions: dict[int, int] = field(default_factory=dict)
    """The versions that the silence verdicts were made with."""
    sightings: int = 0
    drained_at: datetime | None = None
    """Set if nothing unapplied was left behind this batch."""

    @property
    def news_count(self) -> int:
        """Summed sightings that are more than repeats."""
        return sum(map(len, self.news.values()))

    @property
    def urgent(self) -> bool:
        """It holds what must not wait for more of its kind."""
        return bool(self.dead) or self.news_count > 0

    def tenants(self) -> list[int]:
        """All that this batch is about, sorted: the order in which they are entered."""
        dead = {letter.tenant for letter in self.dead}
        heard = {tenant for tenant, _ in self.heard}
        return sorted(dead | heard | self.news.keys() | self.repeats.keys())


@dataclass(slots=True)
class Applied:
    """What a committed batch did."""

    confirmed: dict[tuple[int, bytes], Confirmed | None] = field(default_factory=dict)
    """By (tenant, strand); None: forget what you know."""
    voided: dict[ReportKey, int] = field(default_factory=dict)
    """Reports of strands whose version moved, those of other sources too, with the new version."""
    held: int = 0
    """Sightings that were not applied: the absorber holds them back."""
    outcomes: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    """Dead letters by reason, those found while applying included."""


@dataclass(eq=False)
class PositionMoved(Conflict):
    """The journal does not stand where the batch begins: it stands at `position`."""

    code: str = "position_moved"
    position: int = 0


@dataclass(eq=False)
class SilencesMoved(Conflict):
    """The silences have changed since the verdicts of this batch were made."""

    code: str = "silences_moved"


@dataclass(eq=False)
class RepeatsMoved(Conflict):
    """A strand has changed elsewhere: `strands` (tenant, strand) must be taken as news."""

    code: str = "repeats_moved"
    strands: tuple[tuple[int, bytes], ...] = ()


@dataclass(eq=False)
class LettersGone(Conflict):
    """These dead letters have been taken in again already: their records hold nothing."""

    code: str = "letters_gone"
    letters: frozenset[LetterPlace] = frozenset()


@dataclass(eq=False)
class LedgerStopped(GatewayError):
    """The database refuses the statements themselves: schema and code do not fit."""

    code: str = "ledger_stopped"


class Ledger(Protocol):
    """Applies batches. Raises one of those above, or Unavailable: nothing was written then."""

    async def position(self, journal_id: str) -> int:
        """The greatest applied seq; 0 for a journal that it does not know yet."""

    async def apply(self, batch: Batch) -> Applied:
        """One transaction: everything of *batch* and the journal's position."""

    async def heartbeat(self, journal_id: str, drained_at: datetime) -> None:
        """Nothing is unapplied, and nothing has come: leases may end."""

    async def finish(self, journal_id: str) -> None:
        """The journal is drained and gone: forget its position."""

    async def finish_predecessors(self, journal_id: str) -> None:
        """All earlier journals of this one's slot are drained: forget them. Some left no file that
        could say so, as when a process was killed that had nothing to do.
        """
