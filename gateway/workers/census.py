"""Counts what stands: live tickets by priority, and alerts that fire."""

from collections import Counter

from gateway.alerts.severity import Severity
from gateway.metrics import Metrics
from gateway.workers.upkeep import Tenants, Upkeep


class Census:
    """One turn counts for all tenants; nothing is ever left over for another turn."""

    def __init__(self, upkeep: Upkeep, tenants: Tenants, metrics: Metrics) -> None:
        self._upkeep = upkeep
        self._tenants = tenants
        self._metrics = metrics

    async def turn(self) -> bool:
        live, firing = Counter[str](), 0
        for tenant in await self._tenants():
            standing = await self._upkeep.standing(tenant)
            live.update(standing.live_tickets)
            firing += standing.firing_alerts
        for priority in Severity:
            self._metrics.tickets_live.labels(priority).set(live[priority])
        self._metrics.alerts_firing.set(firing)
        return False
