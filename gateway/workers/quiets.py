"""Ends of quiets and silences: what they hold no more and still fires gets its ticket at once."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from gateway.clock import Clock
from gateway.silences.book import TenantSilences
from gateway.silences.silence import EndedSilence
from gateway.workers.upkeep import ON_ITS_WAY, Tenants, Upkeep


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
    """Hands the alerts that no silence holds any more to the decision.

    The one that held them has ended, or was edited to hold others, which has moved the version.
    A record received before a silence's end is judged by its own time, so the end is settled only
    when no journal has anything left from before it; until then every turn looks again.
    """

    def __init__(
        self,
        upkeep: Upkeep,
        current: Callable[[int, datetime], Awaitable[TenantSilences]],
        tenants: Tenants,
        clock: Clock,
    ) -> None:
        self._upkeep = upkeep
        self._current = current
        self._tenants = tenants
        self._clock = clock
        self._seen: dict[int, int] = {}

    async def turn(self) -> bool:
        """Every tenant once; never more at once."""
        now = self._clock()
        for tenant in await self._tenants():
            ended = await self._upkeep.ended_silences(tenant, now)
            over = await self._applied(ended, now)
            version = (await self._current(tenant, now)).version
            if not ended and version == self._seen.get(tenant):
                continue
            after: bytes | None = b""
            while after is not None:
                after = await self._upkeep.release_silenced(tenant, now, after)
            self._seen[tenant] = version
            if over:
                await self._upkeep.settle_silences(tenant, over, now)
        return False

    async def _applied(self, ended: Sequence[EndedSilence], now: datetime) -> list[UUID]:
        """Those of which everything that they can hold is in the ledger."""
        if not ended:
            return []
        applied_until = await self._upkeep.drained_until(now) - ON_ITS_WAY
        return [one.id for one in ended if one.ends_at <= applied_until]
