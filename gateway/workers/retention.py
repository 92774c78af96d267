"""Retention: what is long over is taken out, a bounded piece at a time."""

from collections.abc import Sequence
from typing import Protocol

from gateway.clock import Clock
from gateway.upkeep.retention import Limits, RetentionOptions, limits


class RetentionStore(Protocol):
    """Every call is one bounded transaction that any process may do."""

    @property
    def most(self) -> int:
        """Rows of each kind that one call takes on."""

    async def due(self, before: Limits) -> Sequence[int]:
        """Tenants with something that may be so old."""

    async def forget(self, tenant: int, before: Limits) -> int:
        """Take it out; how many rows went of the kind that had the most."""


class Retention:
    """Takes out one bounded piece of every tenant a turn."""

    def __init__(self, store: RetentionStore, clock: Clock, options: RetentionOptions) -> None:
        self._store = store
        self._clock = clock
        self._options = options

    async def turn(self) -> bool:
        """True if a tenant had more than one transaction's worth of anything."""
        before, more = limits(self._options, self._clock()), False
        for tenant in await self._store.due(before):
            more = await self._store.forget(tenant, before) >= self._store.most or more
        return more
