"""Resolved tickets are closed when nobody has objected for long enough."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from gateway.clock import Clock

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Before any ticket."""


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
    """Closes tickets whose time has come. *after*: so long after their resolution those that a
    release before has resolved; None: never.
    """

    def __init__(self, store: ClosingStore, clock: Clock, after: timedelta | None) -> None:
        self._store = store
        self._clock = clock
        self._after = after

    async def turn(self) -> bool:
        """True if a tenant had more than one transaction's worth."""
        now, more = self._clock(), False
        before = _NEVER if self._after is None else now - self._after
        for tenant in await self._store.due(now, before):
            more = await self._store.close(tenant, before, now) >= self._store.most or more
        return more
