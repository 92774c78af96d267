"""Retention: what is long over is taken out; tickets, history and silences stay."""

from dataclasses import dataclass
from datetime import timedelta

from gateway.clock import Clock
from gateway.workers.upkeep import Tenants, Upkeep


@dataclass(frozen=True, slots=True)
class RetentionOptions:
    """`[retention]`: how long after their end things are kept."""

    alerts: timedelta = timedelta(days=90)
    """Resolved alerts that never were on a ticket, and that no sender speaks of any more."""
    dead_letters: timedelta = timedelta(days=30)
    """Dead letters, and outbox messages that are delivered or given up."""


class Retention:
    """Takes out one bounded piece a turn."""

    def __init__(
        self, upkeep: Upkeep, tenants: Tenants, clock: Clock, options: RetentionOptions
    ) -> None:
        self._upkeep = upkeep
        self._tenants = tenants
        self._clock = clock
        self._options = options

    async def turn(self) -> bool:
        """True if a tenant had more than one transaction's worth of anything."""
        now, more = self._clock(), False
        letters_before = now - self._options.dead_letters
        alerts_before = now - self._options.alerts
        for tenant in await self._tenants():
            gone = await self._upkeep.forget(tenant, alerts_before, letters_before, now)
            more = more or gone >= self._upkeep.most
        return more
