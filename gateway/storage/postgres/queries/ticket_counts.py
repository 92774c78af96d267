"""Counts of live tickets, remembered for a moment: many look at them, and each costs a walk."""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import func, select

from gateway.access.principal import Principal
from gateway.access.sight import Sight, sight_of
from gateway.clock import Clock
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.tables import tickets
from gateway.storage.postgres.queries.ticket_lists import LIVE_ROWS, seen
from gateway.tickets.view import CountedBy

REMEMBERED = timedelta(seconds=5)

_Key = tuple[int, Sight, CountedBy]
"""Whose tickets, which of them, by what."""


class TicketCountQueries:
    """See `TicketCounter`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[_Key, tuple[datetime, dict[str, int]]] = {}
        self._counting: defaultdict[_Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def live(self, by: Principal, field: CountedBy) -> dict[str, int]:
        """Whoever asks while it is counted waits for that count."""
        key = by.tenant, sight_of(by), field
        async with self._counting[key]:
            now = self._clock()
            counted_at, counts = self._known.get(key, (None, dict[str, int]()))
            if counted_at is None or not counted_at <= now < counted_at + REMEMBERED:
                counts = await self._count(by, field)
                self._known[key] = now, counts
            return counts

    async def _count(self, by: Principal, field: CountedBy) -> dict[str, int]:
        column = tickets.c[field]
        query = select(column, func.count()).where(*seen(by), LIVE_ROWS).group_by(column)
        async with self._database.tenant(by.tenant) as transaction:
            found = await transaction.connection.execute(query)
            return dict(found.all())
