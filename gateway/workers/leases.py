"""Leases: what is not repeated in time is presumed over.

A lease ends only when every journal has been drained since (the repeat may be in one), and not
within one lease of our own start or of the ledger's last outage (nobody could have repeated it).
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from gateway.clock import Clock
from gateway.errors import Unavailable
from gateway.workers.journals import JournalPositions, applied_until


class LeaseStore(Protocol):
    """Every call is one bounded transaction that any process may do."""

    @property
    def most(self) -> int:
        """Leases that one call takes on."""

    async def due(self, now: datetime) -> Sequence[int]:
        """Tenants with leases to look at, or with alerts whose source was silent itself."""

    async def end(self, tenant: int, now: datetime, up_since: datetime) -> int:
        """How many leases were looked at."""

    async def confirm(self, tenant: int, now: datetime, after: bytes) -> bytes | None:
        """Look again at alerts whose source was silent itself. The last one looked at, None when
        there are no more.
        """


class LeaseClock:
    """Expires leases, and looks again at alerts whose source had been silent itself."""

    def __init__(
        self,
        leases: LeaseStore,
        journals: JournalPositions,
        clock: Clock,
        up_since: Callable[[], datetime],
        fetch_held: Callable[[int, datetime], Awaitable[None]],
    ) -> None:
        self._leases = leases
        self._journals = journals
        self._fetch_held = fetch_held
        self._clock = clock
        self._up_since = up_since
        self._was_away = False
        self._back_at: datetime | None = None

    async def turn(self) -> bool:
        """One look; True if a tenant had more than one transaction's worth."""
        try:
            more = await self._look(self._clock())
        except Unavailable:
            self._was_away = True
            raise
        if self._was_away:
            self._was_away, self._back_at = False, self._clock()
        return more

    async def _look(self, now: datetime) -> bool:
        until = await applied_until(self._journals, now)
        if self._was_away:  # nothing can have been said to us until now
            return False
        more, up_since = False, self._up_since()
        if self._back_at is not None:
            up_since = max(up_since, self._back_at)
        for tenant in await self._leases.due(until):
            await self._fetch_held(tenant, until)
            found = await self._leases.end(tenant, until, up_since)
            more = more or found >= self._leases.most
            await self._confirm(tenant, until)
        return more

    async def _confirm(self, tenant: int, now: datetime) -> None:
        after: bytes | None = b""
        while after is not None:
            after = await self._leases.confirm(tenant, now, after)
