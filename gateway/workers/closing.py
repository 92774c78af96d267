"""Resolved tickets are closed when nobody has objected for long enough."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from gateway.clock import Clock


class ClosingStore(Protocol):
    """Every call is one bounded transaction that any process may do."""

    @property
    def most(self) -> int:
        """Tickets that one call takes on."""

    async def due(self, now: datetime, before: datetime) -> Sequence[int]:
        """Tenants with tickets to be closed by *now*; or, where a release before has resolved them,
        that were resolved by *before*.
        """

    async def close(self, tenant: int, before: datetime, now: datetime) -> int:
        """How many of them were looked at."""


class Closing:
    """Closes tickets *after* their resolution."""

    def __init__(self, store: ClosingStore, clock: Clock, after: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._after = after

    async def turn(self) -> bool:
        """True if a tenant had more than one transaction's worth."""
        now, more = self._clock(), False
        before = now - self._after
        for tenant in await self._store.due(now, before):
            more = await self._store.close(tenant, before, now) >= self._store.most or more
        return more
