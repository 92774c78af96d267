"""What workers ask of the storage: bounded transactions that time makes necessary."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from gateway.effects.repeats import Held, ReportKey
from gateway.silences.silence import EndedSilence
from gateway.tickets.standing import Standing

Tenants = Callable[[], Awaitable[Sequence[int]]]
"""Ids of all tenants."""

ON_ITS_WAY = timedelta(seconds=2)
"""A journal may call itself empty while a record that was received so long ago is on its way to the
disk: what hangs on all of them waits so much longer."""


class Upkeep(Protocol):
    """Implemented on PostgreSQL; every call is one transaction that any process may do."""

    @property
    def most(self) -> int:
        """Rows that one call takes on."""

    async def standing(self, tenant: int) -> Standing:
        """Now, for metrics."""

    async def drained_until(self, now: datetime) -> datetime:
        """Whatever was received by then is applied, whichever journal took it in; *now* at most."""

    async def leased_reports(self, tenant: int, now: datetime) -> Sequence[ReportKey]:
        """Of those that `expire_leases` would look at now."""

    async def credit_held(self, tenant: int, held: Mapping[ReportKey, Held], now: datetime) -> None:
        """What was held back of reports, as if it were sighted only now; once, however often."""

    async def expire_leases(self, tenant: int, now: datetime, up_since: datetime) -> int:
        """How many were looked at."""

    async def confirm_expired(self, tenant: int, now: datetime, after: bytes) -> bytes | None:
        """The last alert looked at, None when there are no more."""

    async def end_quiets(self, tenant: int, now: datetime) -> int:
        """How many quiets ended."""

    async def ended_silences(self, tenant: int, now: datetime) -> Sequence[EndedSilence]:
        """Those whose alerts were not all handed back yet."""

    async def judge_strands(
        self, tenant: int, now: datetime, after: bytes, *, silenced: bool
    ) -> bytes | None:
        """Ask the silences of *now* about firing strands that were silenced, or about those that
        were not. The last strand looked at, None when there are no more.
        """

    async def settle_silences(self, tenant: int, ids: Sequence[UUID], now: datetime) -> None:
        """Their alerts have been handed back."""

    async def forget(
        self, tenant: int, alerts_before: datetime, letters_before: datetime, now: datetime
    ) -> int:
        """Retention; how many rows went of the kind that had the most."""
