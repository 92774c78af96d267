"""Upkeep of the outbox: counts what waits, and gives up messages that no sink is left for."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from gateway.clock import Clock
from gateway.logs import get_logger
from gateway.metrics import Metrics
from gateway.outbox.outbox import PendingMessages

ORPHAN_AGE = timedelta(days=1)
"""Long enough for every process to run the newest configuration."""

_logger = get_logger(__name__)


class PendingStore(Protocol):
    """Every call is one transaction that any process may do."""

    async def pending(
        self, sinks: Collection[str], written_before: datetime
    ) -> Sequence[PendingMessages]:
        """Of every tenant that has any; orphans are those of `abandon`."""

    async def abandon(
        self, tenant: int, sinks: Collection[str], written_before: datetime, error: str
    ) -> int:
        """Give up pending messages for sinks that are not among *sinks*; returns how many.

        *written_before* spares the young ones: a process that runs a newer configuration may know
        their sink.
        """


class OutboxUpkeep:
    """One turn looks at all outboxes; nothing is ever left over for another turn."""

    def __init__(
        self, store: PendingStore, sinks: Collection[str], clock: Clock, metrics: Metrics
    ) -> None:
        """*sinks*: the names of all that are configured."""
        self._store = store
        self._sinks = sinks
        self._clock = clock
        self._metrics = metrics

    async def turn(self) -> bool:
        before, pending = self._clock() - ORPHAN_AGE, 0
        for one in await self._store.pending(self._sinks, before):
            given_up = await self._give_up_orphans(one.tenant, before) if one.has_orphans else 0
            pending += one.messages - given_up
        self._metrics.outbox_pending.set(pending)
        return False

    async def _give_up_orphans(self, tenant: int, before: datetime) -> int:
        error = "its sink is no longer configured"
        orphans = await self._store.abandon(tenant, self._sinks, before, error)
        if orphans:
            _logger.warning("messages without a sink given up", tenant=tenant, messages=orphans)
        return orphans
