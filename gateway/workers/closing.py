"""Resolved tickets are closed when nobody has objected for long enough."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from gateway.clock import Clock
from gateway.workers.upkeep import Tenants

Close = Callable[[int, datetime, datetime, int], Awaitable[int]]
"""`close(tenant, resolved_before, now, at_most)` gives how many were closed."""

_MOST = 200


class Closing:
    """Closes tickets *after* their resolution."""

    def __init__(self, close: Close, tenants: Tenants, clock: Clock, after: timedelta) -> None:
        self._close = close
        self._tenants = tenants
        self._clock = clock
        self._after = after

    async def turn(self) -> bool:
        """True if a tenant had more than one transaction's worth."""
        now, more = self._clock(), False
        for tenant in await self._tenants():
            more = await self._close(tenant, now - self._after, now, _MOST) >= _MOST or more
        return more
