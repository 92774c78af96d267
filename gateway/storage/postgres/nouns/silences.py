"""Silences in PostgreSQL: reads, and the book that every process keeps of them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Row, select

from gateway.errors import NotFound
from gateway.logs import get_logger
from gateway.silences.book import SilenceBook, TenantSilences
from gateway.silences.silence import Silence, SilenceState
from gateway.silences.store import Position
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.rows import SILENCES
from gateway.storage.postgres.kernel.tables import silences
from gateway.storage.postgres.statements import load

_logger = get_logger(__name__)

SQL = load("silences")
REMEMBERED = timedelta(days=7)
"""A journal older than this is judged without the silences that ended meanwhile."""


class PostgresSilences:
    """Reads of one tenant's silences, and the process's book of them.

    The pipeline waits for the book, so it is read over connections of its own, where there are any.
    """

    def __init__(
        self, database: Database, book: SilenceBook, for_book: Database | None = None
    ) -> None:
        self._database = database
        self._book = book
        self._for_book = for_book or database
        self._reading = asyncio.Lock()

    async def refresh(self, tenant: int, now: datetime) -> None:
        """Bring the process's book up to the tenant's current version."""
        # One at a time, else a slow reading of an old version would replace a newer one.
        async with self._reading, self._for_book.tenant(tenant) as transaction:
            await self._read_book(transaction, now)

    async def current(self, tenant: int, now: datetime) -> TenantSilences:
        """What the tenant's silences are now, whichever process changed them."""
        await self.refresh(tenant, now)
        return self._book.of(tenant)

    async def _read_book(self, transaction: Transaction, now: datetime) -> None:
        tenant, driver = transaction.tenant, transaction.driver
        version = await driver.fetchval(
            "SELECT silence_version FROM tenants WHERE tenant_id = $1", tenant
        )
        known = self._book.of(tenant)
        if version == known.version:
            return
        found = await driver.fetch(SQL["book"], tenant, now - REMEMBERED)
        # Thousands of patterns take a while to parse and to index: not in the event loop.
        self._book.put(tenant, await asyncio.to_thread(_tenant_silences, version, found, known))

    async def one(self, tenant: int, silence_id: UUID) -> Silence:
        """Raises NotFound."""
        query = select(*SILENCES.selected()).where(
            silences.c.tenant_id == tenant, silences.c.id == silence_id
        )
        async with self._database.tenant(tenant) as transaction:
            found = (await transaction.connection.execute(query)).first()
        if found is None:
            raise NotFound(f"no silence {silence_id}")
        return SILENCES.read(found._mapping)

    async def page(
        self,
        tenant: int,
        state: SilenceState | None,
        now: datetime,
        after: Position | None,
        limit: int,
    ) -> list[Silence]:
        """Newest first."""
        query = select(*SILENCES.selected()).where(silences.c.tenant_id == tenant)
        if state is SilenceState.EXPIRED:
            query = query.where(silences.c.ends_at <= now)
        elif state is SilenceState.ACTIVE:
            query = query.where(silences.c.starts_at <= now, silences.c.ends_at > now)
        elif state is SilenceState.PENDING:
            query = query.where(silences.c.starts_at > now, silences.c.ends_at > now)
        if after is not None:
            moment, key = after
            query = query.where(
                (silences.c.created_at < moment)
                | ((silences.c.created_at == moment) & (silences.c.id > UUID(key)))
            )
        query = query.order_by(silences.c.created_at.desc(), silences.c.id).limit(limit)
        async with self._database.tenant(tenant) as transaction:
            found: Sequence[Row[Any]] = (await transaction.connection.execute(query)).all()
        return [SILENCES.read(one._mapping) for one in found]


def _tenant_silences(
    version: int, found: Sequence[asyncpg.Record], known: TenantSilences
) -> TenantSilences:
    """What has not changed since *known* is not parsed again."""
    before = {silence.id: silence for silence in known.all()}
    silences = []
    for row_ in found:
        same = before.get(UUID(str(row_["id"])))
        is_same = same is not None and same.updated_at == row_["updated_at"]
        found_one = same if same is not None and is_same else _silence_or_none(row_)
        if found_one is not None:
            silences.append(found_one)
    return TenantSilences(version, silences)


def _silence_or_none(found: asyncpg.Record) -> Silence | None:
    """One that cannot be read any more hides nothing, and stops nothing."""
    try:
        return SILENCES.read(found)
    except Exception:
        _logger.exception("a silence cannot be read", silence=str(found["id"]))
        return None
