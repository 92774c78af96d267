"""Quiets that end, silences that come and go: what fires is brought up to them at once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
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


@dataclass(slots=True)
class _Look:
    """How far one tenant's alerts have been brought up to its silences."""

    at: tuple[int, int]
    """The silences' version, and how many of their starts and ends had come."""
    since: datetime | None
    """When that was seen; None once all that was received before has been looked at."""


class SilenceClock:
    """Brings what fires up to the silences of the moment, when one begins, ends or is edited.

    What a silence comes over is shown as silenced; what none holds any more goes to the decision.
    A record received before is judged by its own time, and may undo that: so all is looked at once
    more when no journal has anything left from then. Only so an end is settled; until it is, every
    turn looks at what is silenced.
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
            await self._look(tenant, now)
        return False

    async def _look(self, tenant: int, now: datetime) -> None:
        ended, look = await self._upkeep.ended_silences(tenant, now), self._looks.get(tenant)
        is_pending = bool(ended) or (look is not None and look.since is not None)
        applied_until = await self._applied_until(now) if is_pending else None
        silences = await self._current(tenant, now)
        at = silences.version, silences.turned(now)
        if look is None or look.at != at:
            look, is_new = _Look(at, now), True
        else:
            is_new = False
        is_last = not is_new and applied_until is not None and _is_by(look.since, applied_until)
        if is_new or is_last or ended:
            await self._judge(tenant, now, everything=is_new or is_last)
        self._looks[tenant] = _Look(at, None) if is_last else look
        if applied_until is not None:
            await self._settle(tenant, ended, applied_until, now)

    async def _applied_until(self, now: datetime) -> datetime:
        """Everything received by then is in the ledger."""
        return await self._upkeep.drained_until(now) - ON_ITS_WAY

    async def _judge(self, tenant: int, now: datetime, *, everything: bool) -> None:
        for silenced in (True, False) if everything else (True,):
            after: bytes | None = b""
            while after is not None:
                after = await self._upkeep.judge_strands(tenant, now, after, silenced=silenced)

    async def _settle(
        self, tenant: int, ended: Sequence[EndedSilence], applied_until: datetime, now: datetime
    ) -> None:
        over: list[UUID] = [one.id for one in ended if one.ends_at <= applied_until]
        if over:
            await self._upkeep.settle_silences(tenant, over, now)


def _is_by(moment: datetime | None, until: datetime) -> bool:
    return moment is not None and moment <= until
