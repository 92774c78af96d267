"""Counts the tickets that people cannot move: their workflow has not the state they are in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.metrics import Metrics


class _TenantSeen(Protocol):
    """A tenant."""

    @property
    def tenant(self) -> int:
        """Its id."""


class StrandedStore(Protocol):
    """Raises Unavailable while the ledger is away."""

    async def tenants(self) -> Sequence[_TenantSeen]:
        """All of them."""

    async def stranded(self, tenant: int) -> Mapping[str, int]:
        """Live tickets by workflow, of those that have any."""


class StrandedCount:
    """One turn counts for all tenants together."""

    def __init__(self, store: StrandedStore, metrics: Metrics) -> None:
        self._store = store
        self._gauge = metrics.tickets_stranded
        self._told: set[str] = set()

    async def turn(self) -> bool:
        """Never more to do. What is over is zero, and does not vanish."""
        found: Counter[str] = Counter()
        for one in await self._store.tenants():
            found.update(await self._store.stranded(one.tenant))
        self._told |= found.keys()
        for workflow in self._told:
            self._gauge.labels(workflow).set(found[workflow])
        return False
