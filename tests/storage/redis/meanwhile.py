"""What others do while a process stands between two steps of its batch."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.alerts.memory import Confirmed
from gateway.effects.repeats import Asked, Held, ReportKey
from gateway.intake.absorber import Absorbed, Absorber, Confirmation

Others = Callable[[], Awaitable[None]]


@dataclass
class Meanwhile:
    """The real absorber; what is set here happens once, at its moment."""

    absorber: Absorber
    before_commit: Others | None = None
    before_confirm: Others | None = None

    async def recall(self, keys: Sequence[ReportKey]) -> Mapping[ReportKey, Confirmed]:
        return await self.absorber.recall(keys)

    async def absorb(self, asked: Mapping[ReportKey, Asked]) -> Absorbed:
        absorbed = await self.absorber.absorb(asked)
        others, self.before_commit = self.before_commit, None
        if others is not None:
            await others()
        return absorbed

    async def confirm(self, confirmations: Mapping[ReportKey, Confirmation]) -> None:
        others, self.before_confirm = self.before_confirm, None
        if others is not None:
            await others()
        await self.absorber.confirm(confirmations)

    async def void(self, versions: Mapping[ReportKey, int]) -> None:
        await self.absorber.void(versions)

    async def held(self, keys: Sequence[ReportKey]) -> Mapping[ReportKey, Held]:
        return await self.absorber.held(keys)

    async def due(self, tenant: int, now: datetime) -> tuple[Mapping[ReportKey, Held], bool]:
        return await self.absorber.due(tenant, now)
