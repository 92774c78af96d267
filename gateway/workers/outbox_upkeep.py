"""Upkeep of the outbox: counts what waits, and gives up messages that no sink is left for."""

from collections.abc import Collection
from datetime import timedelta

from gateway.clock import Clock
from gateway.logs import get_logger
from gateway.metrics import Metrics
from gateway.outbox.outbox import Outbox
from gateway.workers.relay import Tenants

ORPHAN_AGE = timedelta(days=1)
"""Long enough for every process to run the newest configuration."""

_logger = get_logger(__name__)


class OutboxUpkeep:
    """One turn looks at every tenant's outbox; nothing is ever left over for another turn."""

    def __init__(
        self,
        outbox: Outbox,
        sinks: Collection[str],
        tenants: Tenants,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """*sinks*: the names of all that are configured."""
        self._outbox = outbox
        self._sinks = sinks
        self._tenants = tenants
        self._clock = clock
        self._metrics = metrics

    async def turn(self) -> bool:
        pending = 0
        for tenant in await self._tenants():
            await self._give_up_orphans(tenant)
            pending += await self._outbox.pending(tenant)
        self._metrics.outbox_pending.set(pending)
        return False

    async def _give_up_orphans(self, tenant: int) -> None:
        orphans = await self._outbox.abandon(
            tenant, self._sinks, self._clock() - ORPHAN_AGE, "its sink is no longer configured"
        )
        if orphans:
            _logger.warning("messages without a sink given up", tenant=tenant, messages=orphans)
