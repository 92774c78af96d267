"""Quiets that end, silences that come and go: what fires is brought up to them at once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.clock import Clock
from gateway.silences.book import TenantSilences
from gateway.workers.upkeep import Tenants, Upkeep

UNDRAINED_AFTER = timedelta(seconds=10)
"""What is received reaches its journal within this time."""


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


@dataclass(slots=True)
class _Look:
    """How far one tenant's alerts have been brought up to its silences."""

    at: tuple[int, int]
    """The silences' version, and how many of their starts and ends had come."""
    drained: list[datetime]
    """It is looked again whenever all journals have been drained since the first of these."""


class SilenceClock:
    """Brings what fires up to the silences of the moment, when one begins, ends or is edited.

    What a silence comes over is shown as silenced; what none holds any more goes to the decision.
    A record that was received before is judged by its own time, and may undo that: so all is looked
    at again when none can be left, and only then an end is settled.
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
        self._looks: dict[int, _Look] = {}

    async def turn(self) -> bool:
        """Every tenant once; never more at once."""
        now = self._clock()
        for tenant in await self._tenants():
            silences = await self._current(tenant, now)
            at, look = (silences.version, silences.turned(now)), self._looks.get(tenant)
            if look is None or look.at != at:
                await self._judge(tenant, now)
                self._looks[tenant] = _Look(at, [now, now + UNDRAINED_AFTER])
            elif look.drained and await self._upkeep.drained_since(look.drained[0]):
                await self._look_again(tenant, look, now)
        return False

    async def _look_again(self, tenant: int, look: _Look, now: datetime) -> None:
        await self._judge(tenant, now)
        del look.drained[0]
        if not look.drained:
            while ended := await self._upkeep.ended_silences(tenant, now):
                await self._upkeep.settle_silences(tenant, ended, now)

    async def _judge(self, tenant: int, now: datetime) -> None:
        for silenced in (True, False):
            after: bytes | None = b""
            while after is not None:
                after = await self._upkeep.judge_strands(tenant, now, after, silenced=silenced)
