"""Leases: what is not repeated in time is presumed over.

A lease ends only when every journal has been drained since (the repeat may be in one), and not
within one lease of our own start or of the ledger's last outage (nobody could have repeated it).
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from gateway.clock import Clock
from gateway.errors import Unavailable
from gateway.workers.upkeep import ON_ITS_WAY, Tenants, Upkeep


class LeaseClock:
    """Expires leases, and looks again at alerts whose source had been silent itself."""

    def __init__(
        self,
        upkeep: Upkeep,
        tenants: Tenants,
        clock: Clock,
        up_since: Callable[[], datetime],
        fetch_held: Callable[[int, datetime], Awaitable[None]],
    ) -> None:
        self._upkeep = upkeep
        self._fetch_held = fetch_held
        self._tenants = tenants
        self._clock = clock
        self._up_since = up_since
        self._was_away = False
        self._back_at: datetime | None = None

    async def turn(self) -> bool:
        """One look at every tenant; True if a tenant had more than one transaction's worth."""
        try:
            more = await self._look(self._clock())
        except Unavailable:
            self._was_away = True
            raise
        if self._was_away:
            self._was_away, self._back_at = False, self._clock()
        return more

    async def _look(self, now: datetime) -> bool:
        applied_until = await self._upkeep.drained_until(now) - ON_ITS_WAY
        if self._was_away:  # nothing can have been said to us until now
            return False
        more, up_since = False, self._up_since()
        if self._back_at is not None:
            up_since = max(up_since, self._back_at)
        for tenant in await self._tenants():
            await self._fetch_held(tenant, applied_until)
            found = await self._upkeep.expire_leases(tenant, applied_until, up_since)
            more = more or found >= self._upkeep.most
            await self._confirm(tenant, applied_until)
        return more

    async def _confirm(self, tenant: int, now: datetime) -> None:
        after: bytes | None = b""
        while after is not None:
            after = await self._upkeep.confirm_expired(tenant, now, after)
