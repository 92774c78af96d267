"""Ends of quiets and silences: what they held and still fires gets its ticket at once."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from gateway.clock import Clock
from gateway.workers.upkeep import Tenants, Upkeep

UNDRAINED_AFTER = timedelta(seconds=10)


class QuietClock:
    """Hands alerts whose quiet is over to the decision."""

    def __init__(self, upkeep: Upkeep, tenants: Tenants, clock: Clock) -> None:
        self._upkeep = upkeep
        self._tenants = tenants
        self._clock = clock

    async def turn(self) -> bool:
        """True if a tenant had more than one transaction's worth."""
        now, more = self._clock(), False
        for tenant in await self._tenants():
            more = await self._upkeep.end_quiets(tenant, now) >= self._upkeep.most or more
        return more


class SilenceClock:
    """Hands the alerts that ended silences held to the decision.

    A record received before a silence's end is judged by its own time, so the end is settled only
    when no journal has anything left from before it.
    """

    def __init__(
        self,
        upkeep: Upkeep,
        refresh: Callable[[int, datetime], Awaitable[None]],
        tenants: Tenants,
        clock: Clock,
    ) -> None:
        self._upkeep = upkeep
        self._refresh = refresh
        self._tenants = tenants
        self._clock = clock

    async def turn(self) -> bool:
        """Every tenant once; never more at once."""
        now = self._clock()
        for tenant in await self._tenants():
            ended = await self._upkeep.ended_silences(tenant, now)
            if not ended:
                continue
            drained = await self._upkeep.drained_since(now - UNDRAINED_AFTER)
            await self._refresh(tenant, now)
            after: bytes | None = b""
            while after is not None:
                after = await self._upkeep.release_silenced(tenant, now, after)
            if drained:
                await self._upkeep.settle_silences(tenant, ended, now)
        return False
