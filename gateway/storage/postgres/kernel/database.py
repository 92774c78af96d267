"""Short transactions of one tenant, for people and workers, with one error language."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.declarations.book import Book, Books
from gateway.effects.repeats import ReportKey
from gateway.effects.working_set import WorkingSet
from gateway.errors import Unavailable
from gateway.events.event import PlacedEvent
from gateway.events.routing import Route
from gateway.storage.postgres.kernel.connect import PostgresAway
from gateway.storage.postgres.kernel.failures import (
    DRIVER_ERRORS,
    MEETING,
    Failure,
    failure_of,
    is_schema_missing,
)
from gateway.storage.postgres.kernel.held import voided_reports
from gateway.storage.postgres.kernel.save import save
from gateway.storage.postgres.kernel.working_set import (
    NOWHERE,
    Entered,
    RowsMoved,
    current_book,
    entered_as,
)
from gateway.storage.postgres.statements import load

SQL = load("ledger")
_TRIES = 8
_NO_COLUMN = "42703"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One open transaction that sees one tenant's rows. *driver* is the same connection, bare."""

    tenant: int
    connection: AsyncConnection
    driver: asyncpg.Connection
    entered: Entered = NOWHERE
    voided: dict[ReportKey, int] = field(default_factory=dict)
    """Reports of strands that it changes, with their new versions: told after the commit."""
    events: list[PlacedEvent] = field(default_factory=list)
    """What has happened in it: told after the commit."""


@dataclass(eq=False)
class SchemaMissing(Unavailable):
    """Somebody must migrate, or does so just now."""

    code: str = "schema_too_old"


Void = Callable[[Mapping[ReportKey, int]], Awaitable[None]]
OnEvents = Callable[[Sequence[PlacedEvent]], None]


def _unheard(events: Sequence[PlacedEvent]) -> None:
    pass


@dataclass(eq=False)
class SchemaBehind(Unavailable):
    """The schema is an older one."""

    code: str = "schema_too_old"


class Database:
    """Where everything but the pipeline gets its transactions."""

    def __init__(
        self,
        engine: AsyncEngine,
        void: Void | None = None,
        on_events: OnEvents = _unheard,
        books: Books | None = None,
    ) -> None:
        self.engine = engine
        self.books = books or Books()
        self._void = void
        self._on_events = on_events

    @asynccontextmanager
    async def tenant(self, tenant: int) -> AsyncIterator[Transaction]:
        """Commits at the end of the block. Raises Unavailable while PostgreSQL is away."""
        async with self.connected() as connection:
            entered = await _enter(connection, tenant)
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            assert driver is not None
            yield Transaction(tenant, connection, driver, entered)

    async def book(self, transaction: Transaction) -> Book:
        """What is declared in its tenant, as new as it was entered."""
        version = transaction.entered.declared_version
        return await current_book(transaction.driver, transaction.tenant, self.books, version)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncConnection]:
        """Like `tenant`, for what belongs to none: it sees no tenant's rows."""
        try:
            async with self.engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, *DRIVER_ERRORS) as error:
            if failure_of(error) is Failure.OUTAGE:
                raise PostgresAway("PostgreSQL cannot be reached") from error
            if is_schema_missing(error):
                raise SchemaMissing(
                    "the database's schema is older than this program: run `alert-gateway migrate`"
                ) from error
            raise

    async def retrying(self, tenant: int, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run *work* in a transaction, again if it met another one: it must be repeatable."""
        for attempt in range(_TRIES):
            try:
                async with self.tenant(tenant) as transaction:
                    done = await work(transaction)
                if self._void is not None and transaction.voided:
                    await self._void(transaction.voided)
                self._on_events(transaction.events)
                return done
            except RowsMoved:
                continue
            except (SQLAlchemyError, asyncpg.PostgresError) as error:
                if failure_of(error) is not Failure.RETRY:
                    raise
                wait = MEETING.wait_seconds(attempt + 1, random.random())  # noqa: S311
                await asyncio.sleep(wait)
        raise Unavailable("too many others change the same rows; try again")

    async def save(
        self, transaction: Transaction, rows: WorkingSet, routes: Sequence[Route], now: datetime
    ) -> None:
        """Write *rows* back; what processes and caches know of them holds no longer."""
        stamp = int(now.timestamp() * 1_000_000)
        transaction.events.extend(await save(transaction.driver, rows, routes, stamp))
        if self._void is not None:
            transaction.voided.update(await voided_reports(transaction.driver, rows))


async def _enter(connection: AsyncConnection, tenant: int) -> Entered:
    """See this tenant's rows until the transaction ends."""
    try:
        found = (
            (await connection.exec_driver_sql(SQL["enter_tenant"], (tenant,))).mappings().first()
        )
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) == _NO_COLUMN:
            raise SchemaBehind(f"run `alert-gateway migrate` ({error.orig})") from error
        raise
    return NOWHERE if found is None else entered_as(found)
