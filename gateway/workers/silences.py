"""Silences that come and go: what fires is brought up to them at once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.clock import Clock
from gateway.silences.book import TenantSilences
from gateway.silences.silence import EndedSilence
from gateway.upkeep.silences import SilencesStand
from gateway.workers.journals import JournalPositions, applied_until


class VerdictStore(Protocol):
    """Every call is one bounded transaction that any process may do."""

    async def stand(self, now: datetime) -> Sequence[SilencesStand]:
        """Of all tenants that have ever had a silence."""

    async def ended(self, tenant: int, now: datetime) -> Sequence[EndedSilence]:
        """Those whose alerts were not all handed back yet."""

    async def judge(
        self, tenant: int, now: datetime, after: bytes, *, silenced: bool
    ) -> bytes | None:
        """Ask the silences of *now* about firing strands that were silenced, or about those that
        were not. The last strand looked at, None when there are no more.
        """

    async def settle(self, tenant: int, ids: Sequence[UUID], now: datetime) -> None:
        """Their alerts have been handed back."""


@dataclass(slots=True)
class _Look:
    """How far one tenant's alerts have been brought up to its silences."""

    silences: TenantSilences
    turned: int
    """How many of their starts and ends had come."""
    since: datetime | None
    """When that was seen; None once all that was received before has been looked at."""

    def holds(self, version: int, now: datetime) -> bool:
        """Nothing has begun, ended or been edited since."""
        return version == self.silences.version and self.turned == self.silences.turned(now)


class SilenceClock:
    """Brings what fires up to the silences of the moment, when one begins, ends or is edited.

    What a silence comes over is shown as silenced; what none holds any more goes to the decision.
    A record received before is judged by its own time, and may undo that: so all is looked at once
    more when no journal has anything left from then. Only so an end is settled; until it is, every
    turn looks at what is silenced.
    """

    def __init__(
        self,
        verdicts: VerdictStore,
        journals: JournalPositions,
        current: Callable[[int, datetime], Awaitable[TenantSilences]],
        clock: Clock,
    ) -> None:
        self._verdicts = verdicts
        self._journals = journals
        self._current = current
        self._clock = clock
        self._looks: dict[int, _Look] = {}

    async def turn(self) -> bool:
        """Every tenant of which something is due; never more at once."""
        now = self._clock()
        for stand in await self._verdicts.stand(now):
            if self._is_due(stand, now):
                await self._look(stand.tenant, now)
        return False

    def _is_due(self, stand: SilencesStand, now: datetime) -> bool:
        look = self._looks.get(stand.tenant)
        if stand.has_ended or look is None or look.since is not None:
            return True
        return not look.holds(stand.version, now)

    async def _look(self, tenant: int, now: datetime) -> None:
        ended, look = await self._verdicts.ended(tenant, now), self._looks.get(tenant)
        is_pending = bool(ended) or (look is not None and look.since is not None)
        until = await applied_until(self._journals, now) if is_pending else None
        silences = await self._current(tenant, now)
        if look is None or not look.holds(silences.version, now):
            look, is_new = _Look(silences, silences.turned(now), now), True
        else:
            is_new = False
        is_last = not is_new and until is not None and _is_by(look.since, until)
        if is_new or is_last or ended:
            await self._judge(tenant, now, everything=is_new or is_last)
        if is_last:
            look.since = None
        self._looks[tenant] = look
        if until is not None:
            await self._settle(tenant, ended, until, now)

    async def _judge(self, tenant: int, now: datetime, *, everything: bool) -> None:
        for silenced in (True, False) if everything else (True,):
            after: bytes | None = b""
            while after is not None:
                after = await self._verdicts.judge(tenant, now, after, silenced=silenced)

    async def _settle(
        self, tenant: int, ended: Sequence[EndedSilence], until: datetime, now: datetime
    ) -> None:
        over: list[UUID] = [one.id for one in ended if one.ends_at <= until]
        if over:
            await self._verdicts.settle(tenant, over, now)


def _is_by(moment: datetime | None, until: datetime) -> bool:
    return moment is not None and moment <= until
