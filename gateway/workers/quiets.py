"""Quiets that end: what a person had quieted and still fires has its ticket again at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from gateway.clock import Clock


class QuietStore(Protocol):
    """Every call is one bounded transaction that any process may do."""

    @property
    def most(self) -> int:
        """Quiets that one call takes on."""

    async def due(self, now: datetime) -> Sequence[int]:
        """Tenants with quiets that are over."""

    async def end(self, tenant: int, now: datetime) -> int:
        """How many quiets ended."""


class QuietClock:
    """Hands alerts whose quiet is over to the decision."""

    def __init__(self, quiets: QuietStore, clock: Clock) -> None:
        self._quiets = quiets
        self._clock = clock

    async def turn(self) -> bool:
        """True if a tenant had more than one transaction's worth."""
        now, more = self._clock(), False
        for tenant in await self._quiets.due(now):
            more = await self._quiets.end(tenant, now) >= self._quiets.most or more
        return more
