"""Duplicates end with their original: those that were too many to do so at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from gateway.clock import Clock


class DuplicateStore(Protocol):
    """Every call is one bounded transaction that any process may do."""

    @property
    def most(self) -> int:
        """Tickets that one call takes on."""

    async def due(self) -> Sequence[int]:
        """Tenants with tickets whose original has ended, and that have not."""

    async def end(self, tenant: int, now: datetime) -> int:
        """How many of them were looked at."""


class DuplicateEnds:
    """Ends them."""

    def __init__(self, store: DuplicateStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def turn(self) -> bool:
        """True if a tenant had more than one transaction's worth."""
        now, more = self._clock(), False
        for tenant in await self._store.due():
            more = await self._store.end(tenant, now) >= self._store.most or more
        return more
