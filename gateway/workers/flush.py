"""The flush: what is held back of reports that fell silent is credited to the ledger."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from gateway.clock import Clock
from gateway.effects.repeats import Held, ReportKey
from gateway.intake.absorber import Absorber, Confirmation
from gateway.moments import BEGINNING

LONG_SILENT = timedelta(days=1)
"""Whoever was not heard of for so long has nothing held: it was credited, or was looked for at our
start."""


class FlushStore(Protocol):
    """Every call is one bounded transaction that any process may do."""

    @property
    def most(self) -> int:
        """Reports that one call takes on."""

    async def heard_since(self, moment: datetime) -> Sequence[int]:
        """Tenants with a source that was."""

    async def leased(self, tenant: int, now: datetime) -> Sequence[ReportKey]:
        """Reports of strands whose leases are to be looked at now."""

    async def credit(self, tenant: int, held: Mapping[ReportKey, Held], now: datetime) -> None:
        """What was held back of reports, as if it were sighted only now; once, however often."""


class Flush:
    """Walks through what the absorber holds, and fetches what a lease's end hangs on."""

    def __init__(self, absorber: Absorber, store: FlushStore, clock: Clock) -> None:
        self._absorber = absorber
        self._store = store
        self._clock = clock
        self._is_first = True

    async def turn(self) -> bool:
        """One step of the walk for every tenant that was heard of; True if one is not at its end.

        Until a first walk is at its end, for every tenant that ever was: nobody may have walked for
        long.
        """
        now, more = self._clock(), False
        since = BEGINNING if self._is_first else now - LONG_SILENT
        for tenant in await self._store.heard_since(since):
            held, goes_on = await self._absorber.due(tenant, now)
            await self._credit(tenant, held, now)
            more = more or goes_on
        self._is_first = self._is_first and more
        return more

    async def before_leases_end(self, tenant: int, now: datetime) -> None:
        """A sighting that is held back may have renewed the lease."""
        keys: Sequence[ReportKey] = await self._store.leased(tenant, now)
        if keys:
            await self._credit(tenant, await self._absorber.held(keys), now)

    async def _credit(self, tenant: int, held: Mapping[ReportKey, Held], now: datetime) -> None:
        left = iter(sorted(held.items()))
        while some := dict(islice(left, self._store.most)):
            await self._store.credit(tenant, some, now)
            credited = {key: Confirmation(one.born, one.count) for key, one in some.items()}
            await self._absorber.confirm(credited)
