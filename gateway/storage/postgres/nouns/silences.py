"""Silences in PostgreSQL: never deleted, only ended; each change moves the tenant's version."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Row, select

from gateway.errors import NotFound
from gateway.history.chain import Entry, chain
from gateway.silences.book import SilenceBook, TenantSilences
from gateway.silences.silence import Silence, SilenceState
from gateway.silences.store import Change, Position
from gateway.storage.postgres.kernel import rows as row
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.tables import silences
from gateway.storage.postgres.statements import load
from matchers import parse, render

log = logging.getLogger(__name__)

SQL = load("silences")
HISTORY_SQL = load("ledger")["insert_history"]
REMEMBERED = timedelta(days=7)
"""A journal older than this is judged without the silences that ended meanwhile."""
_MOMENT = timedelta(microseconds=1)


class PostgresSilences:
    """Reads and changes of one tenant's silences."""

    def __init__(self, database: Database, book: SilenceBook) -> None:
        self._database = database
        self._book = book
        self._reading = asyncio.Lock()

    async def refresh(self, tenant: int, now: datetime) -> None:
        """Bring the process's book up to the tenant's current version."""
        # One at a time, else a slow reading of an old version would replace a newer one.
        async with self._reading, self._database.tenant(tenant) as transaction:
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

    async def create(self, tenant: int, silence: Silence) -> None:
        """Durable, and in this process's book, when it returns."""

        async def work(transaction: Transaction) -> None:
            entry = _entry(silence, None, silence.author)
            head = chain([entry], 0, b"")[-1]
            driver = transaction.driver
            await driver.execute(
                SQL["insert"], tenant, *_columns(silence), head.sequence, head.hash
            )
            await driver.execute(HISTORY_SQL, tenant, *row.history_arrays([head]))
            await driver.execute(SQL["move_version"], tenant)

        await self._database.retrying(tenant, work)
        await self.refresh(tenant, silence.created_at)

    async def change(
        self, tenant: int, silence_id: UUID, change: Change, actor: str, now: datetime
    ) -> Silence:
        """The silence as *change* made it, under its lock; raises NotFound, and what that raises.

        *change* is given *now*, or a moment later if the silence was changed just then.
        """

        async def work(transaction: Transaction) -> Silence:
            driver = transaction.driver
            found = await driver.fetchrow(SQL["lock"], tenant, silence_id)
            if found is None:
                raise NotFound(f"no silence {silence_id}")
            before = _silence_of(found)
            moment = max(now, before.updated_at + _MOMENT)
            after = change(before, moment)
            entries = _differences(before, after, actor, moment)
            if not entries:
                return before
            chained = chain(entries, found["history_length"], found["history_head"])
            head = chained[-1]
            await driver.execute(SQL["update"], tenant, *_columns(after), head.sequence, head.hash)
            await driver.execute(HISTORY_SQL, tenant, *row.history_arrays(chained))
            await driver.execute(SQL["move_version"], tenant)
            return after

        after = await self._database.retrying(tenant, work)
        await self.refresh(tenant, now)
        return after

    async def one(self, tenant: int, silence_id: UUID) -> Silence:
        """Raises NotFound."""
        query = select(silences).where(silences.c.tenant_id == tenant, silences.c.id == silence_id)
        async with self._database.tenant(tenant) as transaction:
            found = (await transaction.connection.execute(query)).first()
        if found is None:
            raise NotFound(f"no silence {silence_id}")
        return _silence_of(found._mapping)

    async def page(
        self,
        tenant: int,
        state: SilenceState | None,
        now: datetime,
        after: Position | None,
        limit: int,
    ) -> list[Silence]:
        """Newest first."""
        query = select(silences).where(silences.c.tenant_id == tenant)
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
        return [_silence_of(one._mapping) for one in found]


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
        return _silence_of(found)
    except Exception:
        log.exception("a silence cannot be read", extra={"silence": str(found["id"])})
        return None


def _silence_of(found: asyncpg.Record | Any) -> Silence:
    return Silence(
        id=UUID(str(found["id"])),
        matchers=parse(found["matchers"]),
        starts_at=found["starts_at"],
        ends_at=found["ends_at"],
        author=found["author"],
        comment=found["comment"],
        created_at=found["created_at"],
        updated_at=found["updated_at"],
    )


def _columns(silence: Silence) -> list[object]:
    return [
        silence.id,
        render(silence.matchers),
        silence.starts_at,
        silence.ends_at,
        silence.author,
        silence.comment,
        silence.updated_at,
    ]


def _entry(silence: Silence, before: str | None, actor: str) -> Entry:
    text = render(silence.matchers)
    return Entry(
        "silence", str(silence.id), silence.updated_at, actor, "matchers", before, text,
        silence.comment,
    )  # fmt: skip


def _differences(before: Silence, after: Silence, actor: str, now: datetime) -> list[Entry]:
    fields = {
        "matchers": (render(before.matchers), render(after.matchers)),
        "starts_at": (before.starts_at.isoformat(), after.starts_at.isoformat()),
        "ends_at": (before.ends_at.isoformat(), after.ends_at.isoformat()),
        "author": (before.author, after.author),
        "comment": (before.comment, after.comment),
    }
    return [
        Entry("silence", str(after.id), now, actor, name, old, new)
        for name, (old, new) in fields.items()
        if old != new
    ]
