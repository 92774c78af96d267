"""Counts what stands: live tickets by priority, and alerts that fire."""

from typing import Protocol

from gateway.alerts.severity import Severity
from gateway.metrics import Metrics
from gateway.tickets.standing import Standing


class CensusStore(Protocol):
    """Counts in one transaction."""

    async def standing(self) -> Standing:
        """Of all tenants together, now."""


class Census:
    """One turn counts for all tenants; nothing is ever left over for another turn."""

    def __init__(self, store: CensusStore, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics

    async def turn(self) -> bool:
        standing = await self._store.standing()
        for priority in Severity:
            self._metrics.tickets_live.labels(priority).set(standing.live_tickets.get(priority, 0))
        self._metrics.alerts_firing.set(standing.firing_alerts)
        return False
