"""The flush: what is held back of reports that fell silent is credited to the ledger."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice

from gateway.clock import Clock
from gateway.effects.repeats import Held, ReportKey
from gateway.intake.absorber import Absorber, Confirmation
from gateway.workers.upkeep import Tenants, Upkeep


class Flush:
    """Walks through what the absorber holds, and fetches what a lease's end hangs on."""

    def __init__(self, absorber: Absorber, upkeep: Upkeep, tenants: Tenants, clock: Clock) -> None:
        self._absorber = absorber
        self._upkeep = upkeep
        self._tenants = tenants
        self._clock = clock

    async def turn(self) -> bool:
        """One step of the walk for every tenant; True if a walk is not at its end."""
        now, more = self._clock(), False
        for tenant in await self._tenants():
            held, goes_on = await self._absorber.due(tenant, now)
            await self._credit(tenant, held, now)
            more = more or goes_on
        return more

    async def before_leases_end(self, tenant: int, now: datetime) -> None:
        """A sighting that is held back may have renewed the lease."""
        keys: Sequence[ReportKey] = await self._upkeep.leased_reports(tenant, now)
        if keys:
            await self._credit(tenant, await self._absorber.held(keys), now)

    async def _credit(self, tenant: int, held: Mapping[ReportKey, Held], now: datetime) -> None:
        left = iter(sorted(held.items()))
        while some := dict(islice(left, self._upkeep.most)):
            await self._upkeep.credit_held(tenant, some, now)
            credited = {key: Confirmation(one.born, one.count) for key, one in some.items()}
            await self._absorber.confirm(credited)
