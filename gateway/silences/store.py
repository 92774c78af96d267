"""Where silences are kept, as `web` sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.silences.book import TenantSilences
from gateway.silences.silence import Silence, SilenceState

Position = tuple[datetime, str]
"""(created_at, id) of the last silence shown: lists are newest first."""


class SilenceStore(Protocol):
    """Raises Unavailable while the ledger is away."""

    async def current(self, tenant: int, now: datetime) -> TenantSilences:
        """What the tenant's silences are now, whichever process changed them."""

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
