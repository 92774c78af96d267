"""Where silences are kept, as `web` sees it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.silences.book import TenantSilences
from gateway.silences.silence import Silence, SilenceState

Position = tuple[datetime, str]
"""(created_at, id) of the last silence shown: lists are newest first."""


Change = Callable[[Silence, datetime], Silence]
"""`change(before, now)`: the silence as it shall be; *before* itself if nothing is to be done."""


class SilenceStore(Protocol):
    """Raises Unavailable while the ledger is away."""

    async def current(self, tenant: int, now: datetime) -> TenantSilences:
        """What the tenant's silences are now, whichever process changed them."""

    async def create(self, tenant: int, silence: Silence) -> None:
        """Durable, and obeyed by this process, when it returns."""

    async def change(
        self, tenant: int, silence_id: UUID, change: Change, actor: str, now: datetime
    ) -> Silence:
        """The silence as *change* made it, under its lock; raises NotFound, and what that raises.

        *change* is given *now*, or a moment later if the silence was changed just then.
        """

    async def one(self, tenant: int, silence_id: UUID) -> Silence:
        """Raises NotFound."""

    async def page(
        self,
        tenant: int,
        state: SilenceState | None,
        now: datetime,
        after: Position | None,
        limit: int,
    ) -> Sequence[Silence]:
        """Newest first."""
