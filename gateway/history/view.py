"""The audit as people read it: what was changed in a tenant, of whatever kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from gateway.access.principal import Principal
from gateway.access.withheld import NOTHING, Withheld
from gateway.history.chain import Entry


class AuditPosition(NamedTuple):
    """Of one entry: in the order in which things became true, not in that of their times.

    All four are needed: a transaction writes many entries of one *applied*.
    """

    applied: int
    kind: str
    object_id: str
    sequence: int


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the audit is narrowed to; empty or None: everything, several values: any of them."""

    actor: Sequence[str] = ()
    kind: Sequence[str] = ()
    object: Sequence[str] = ()
    field: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    """Times at which it happened: from *since* on, before *until*."""
    only: str | None = None
    """The actor beside whose actions nothing may be seen."""


@dataclass(frozen=True, slots=True)
class PlacedEntry:
    """An entry in its place in the audit."""

    position: AuditPosition
    entry: Entry


@dataclass(frozen=True, slots=True)
class FoundEntries:
    """Of one page. *walked_to*: where it stops short, though more may come behind it."""

    entries: Sequence[PlacedEntry]
    walked_to: AuditPosition | None = None
    withheld: Withheld = NOTHING


class AuditReader(Protocol):
    """Reads of the history of *by*'s tenant. Raises Unavailable while the ledger is away."""

    async def latest(
        self, by: Principal, narrowed: AuditFilter, before: AuditPosition | None, limit: int
    ) -> FoundEntries:
        """At most *limit* entries before *before*, what became true last first."""

    async def following(
        self, by: Principal, narrowed: AuditFilter, after: AuditPosition | None, limit: int
    ) -> FoundEntries:
        """At most *limit* entries behind *after* in their order, without a gap: behind the last
        one given nothing appears in front of it any more.
        """
