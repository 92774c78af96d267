"""Where silences are kept, as `web` sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.silences.silence import Silence, SilenceState

Position = tuple[datetime, str]
"""(created_at, id) of the last silence shown: lists are newest first."""


class SilenceStore(Protocol):
    """Raises Unavailable while the ledger is away."""

    async def create(self, tenant: int, silence: Silence) -> None:
        """Durable, and obeyed by this process, when it returns."""

    async def replace(self, tenant: int, silence: Silence, actor: str, now: datetime) -> None:
        """The silence as it shall be from *now* on; raises NotFound, Refused (it has ended)."""

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
