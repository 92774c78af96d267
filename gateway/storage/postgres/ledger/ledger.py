"""The ledger in PostgreSQL: a batch and the journal's position in one transaction.

A transaction whose fate is unknown is simply tried again: if the position has moved, it was
committed. What the data itself makes impossible is found by halving (poison.py) and becomes a dead
letter in the same transaction; everything else about the database is worth another try.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from gateway.declarations.book import Books
from gateway.effects.sighting import apply_held, apply_sighting
from gateway.effects.working_set import WorkingSet
from gateway.errors import Unavailable
from gateway.events.event import PlacedEvent
from gateway.events.routing import Route
from gateway.intake.batch.poison import without_poison
from gateway.intake.ledger import Applied, Batch, LedgerStopped, PositionMoved, SilencesMoved
from gateway.logs import get_logger
from gateway.storage.postgres.kernel.failures import DRIVER_ERRORS, MEETING, Failure, failure_of
from gateway.storage.postgres.kernel.held import take_held, voided_reports
from gateway.storage.postgres.kernel.save import save
from gateway.storage.postgres.kernel.working_set import (
    SQL,
    Entered,
    RowsMoved,
    current_book,
    enter_tenant,
    load_for_sightings,
)
from gateway.storage.postgres.ledger.confirmations import confirmations
from gateway.storage.postgres.ledger.credit import credit_repeats, repeats_of
from gateway.storage.postgres.ledger.letters import mark_replayed, save_dead_letters
from gateway.storage.postgres.workflows import TenantWorkflows

Connect = Callable[[], Awaitable[asyncpg.Connection]]
MISTAKES = (LookupError, ValueError, TypeError, AttributeError, AssertionError, ArithmeticError)
"""Of ours, in a rule: the one sighting that leads to it is set aside, the others go on."""

_logger = get_logger(__name__)

_TRIES = 10
_BREATHE_EVERY = 50
"""Sightings worked on before other tasks of the loop get a turn."""
_BOUND_SECONDS = 60.0
"""For one attempt: a server that swallows answers must not hold the pipeline for ever."""


class _Undo(Exception):
    """Ends a trial transaction."""


def _unheard(reason: str) -> None:
    pass


@dataclass(slots=True)
class PostgresLedger:
    """One pipeline's way into PostgreSQL: one connection, made anew when it is lost."""

    connect: Connect
    routes: Sequence[Route] = ()
    on_retry: Callable[[str], None] = _unheard
    """Called with the reason when a transaction is tried again."""
    tells_voided: bool = False
    """Somebody keeps what is confirmed, and must know which reports hold no longer."""
    workflows: TenantWorkflows = field(default_factory=TenantWorkflows)
    books: Books = field(default_factory=Books)
    """What is declared, as the process knows it."""
    _connection: asyncpg.Connection | None = field(default=None, init=False)

    async def position(self, journal_id: str) -> int:
        """See `Ledger`. A dead process's last transaction may still run: its end is awaited."""
        await self._ask("know_journal", journal_id)
        position: int = await self._ask("position", journal_id)
        return position

    async def finish(self, journal_id: str) -> None:
        """See `Ledger`."""
        await self._ask("finish_journal", journal_id)

    async def finish_predecessors(self, journal_id: str) -> None:
        """See `Ledger`."""
        await self._ask("finish_predecessors", journal_id)

    async def heartbeat(self, journal_id: str, drained_at: datetime) -> None:
        """Nothing is unapplied, and nothing has come."""
        await self._ask("heartbeat", journal_id, drained_at)

    async def apply(self, batch: Batch) -> Applied:
        """See `Ledger`."""
        for attempt in range(_TRIES):
            try:
                return await self._attempt(batch)
            except RowsMoved:
                self.on_retry("rows_moved")
            except (*DRIVER_ERRORS, *MISTAKES) as error:
                if await self._classify(error) is Failure.DATA:
                    _logger.error("a sighting cannot be stored: dead letter", exc_info=error)
                    batch = await without_poison(batch, error, self._fits)
                else:
                    self.on_retry(type(error).__name__)
                    wait = MEETING.wait_seconds(attempt + 1, random.random())  # noqa: S311
                    await asyncio.sleep(wait)
        raise Unavailable(f"the ledger's transaction did not go through in {_TRIES} tries")

    async def close(self) -> None:
        """Drop the connection without waiting for a server that may not answer."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _classify(self, error: BaseException) -> Failure:
        """DATA or RETRY; raises for what another try now cannot mend."""
        failure = Failure.DATA if isinstance(error, MISTAKES) else failure_of(error)
        if failure is Failure.OUTAGE:
            await self.close()
            raise Unavailable(str(error) or type(error).__name__) from error
        if failure is Failure.STOP:
            await self.close()
            raise LedgerStopped(str(error)) from error
        return failure

    async def _ask(self, statement: str, *arguments: object) -> Any:
        try:
            connection = await self._connected()
            return await connection.fetchval(SQL[statement], *arguments)
        except DRIVER_ERRORS as error:
            await self._classify(error)
            raise Unavailable(str(error)) from error

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self.connect()
        return self._connection

    async def _fits(self, batch: Batch) -> bool:
        """Would *batch* go through? Tried and undone."""
        try:
            await self._attempt(batch, undo=True)
        except _Undo:
            return True
        except (*DRIVER_ERRORS, *MISTAKES) as error:
            return await self._classify(error) is not Failure.DATA
        return True

    async def _attempt(self, batch: Batch, *, undo: bool = False) -> Applied:
        connection = await self._connected()
        applied = Applied()
        async with asyncio.timeout(_BOUND_SECONDS), connection.transaction():
            await self._check_position(connection, batch)
            for tenant in batch.tenants():
                await self._apply_tenant(connection, batch, tenant, applied)
            await connection.execute(
                SQL["move_position"], batch.journal_id, batch.last, batch.drained_at
            )
            if undo:
                raise _Undo
        for letter in batch.dead:
            applied.dead[letter.reason] += letter.count
        return applied

    async def _check_position(self, connection: asyncpg.Connection, batch: Batch) -> None:
        position = await connection.fetchval(SQL["position"], batch.journal_id)
        if position is None:
            now = batch.drained_at or min(heard.first for heard in batch.heard.values())
            await connection.execute(SQL["start_journal"], batch.journal_id, now)
            position = await connection.fetchval(SQL["position"], batch.journal_id)
        if position != batch.after:
            raise PositionMoved(
                f"the journal stands at {position}, not at {batch.after}", position=position
            )

    async def _apply_tenant(
        self, connection: asyncpg.Connection, batch: Batch, tenant: int, applied: Applied
    ) -> None:
        entered = await enter_tenant(connection, tenant)
        version = entered.silence_version
        if version != batch.silence_versions.get(tenant, version):
            raise SilencesMoved(f"silences of tenant {tenant} are at version {version}")
        await mark_replayed(connection, tenant, batch)
        rows, events = await self._apply_news(connection, batch, tenant, entered)
        repeats = repeats_of(batch, tenant, rows)
        await credit_repeats(connection, tenant, repeats, batch.held)
        if self.tells_voided:
            applied.voided |= await voided_reports(connection, rows)
        applied.confirmed |= confirmations(batch, tenant, rows)
        applied.outcomes.update(rows.outcomes)
        for repeat, _ in repeats:
            applied.outcomes[repeat.known.outcome] += repeat.count
        applied.events.update(one.event.type for one in events)
        await save_dead_letters(connection, tenant, batch.dead)
        heard = {name: one for (owner, name), one in batch.heard.items() if owner == tenant}
        if heard:
            names = sorted(heard)
            firsts = [heard[name].first for name in names]
            lasts = [heard[name].last for name in names]
            await connection.execute(SQL["hear_sources"], tenant, names, firsts, lasts)

    async def _apply_news(
        self, connection: asyncpg.Connection, batch: Batch, tenant: int, entered: Entered
    ) -> tuple[WorkingSet, list[PlacedEvent]]:
        news = batch.news.get(tenant, [])
        if not news:
            return WorkingSet(tenant), []
        identities = [summed.identity for summed in news]
        rows = await load_for_sightings(connection, tenant, identities)
        version = entered.declared_version
        rows.book = await current_book(connection, tenant, self.books, version)
        rows.ticketing = entered.ticketing
        rows.workflows = await self.workflows.of(connection, tenant)
        known = {(tenant, one.strand, one.source): one for one in identities}
        held = {key: batch.held[key] for key in known if key in batch.held}
        for key, count in (await take_held(connection, tenant, held)).items():
            apply_held(rows, known[key], held[key], count)
        for number, summed in enumerate(news):
            apply_sighting(rows, summed)
            if number % _BREATHE_EVERY == _BREATHE_EVERY - 1:
                await asyncio.sleep(0)
        stamp = int(news[-1].received_at.timestamp() * 1_000_000)
        return rows, await save(connection, rows, self.routes, stamp)
