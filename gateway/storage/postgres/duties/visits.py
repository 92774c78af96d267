"""A duty asks which tenants have something due, and visits those: each visit is one transaction.

A visit finds what is due, locks and loads it, decides, and saves. Any number of processes may do so
at once: what is due is looked at again under the locks.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

import asyncpg

from gateway.alerts.rule import Rule
from gateway.effects.working_set import WorkingSet, default_rule
from gateway.events.routing import Route
from gateway.storage.postgres.kernel.clock import ask_clock
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.working_set import load_working_set
from gateway.upkeep.piece import Piece

MOST = 500
"""Alerts in one transaction."""

P = TypeVar("P", bound=Piece)
T = TypeVar("T")

Find = Callable[[Transaction], Awaitable[P | None]]
"""What is due, found without locks; None: nothing."""
Complete = Callable[[Transaction, WorkingSet, P], Awaitable[P]]
"""The piece with what can only be known under the locks."""


class Visits:
    """For the stores of duties; *rule_named* finds the configured rule. Raises Unavailable while
    PostgreSQL is away.
    """

    def __init__(
        self,
        database: Database,
        routes: Sequence[Route] = (),
        rule_named: Callable[[str], Rule] = default_rule,
    ) -> None:
        self._database = database
        self._routes = routes
        self._rule_named = rule_named

    async def ask(self, question: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask one statement of all tenants, as `gateway_clock`."""
        return await ask_clock(self._database, question, *arguments)

    async def due(self, question: str, *arguments: object) -> list[int]:
        """The tenants that it names."""
        return [row["tenant_id"] for row in await self.ask(question, *arguments)]

    async def look(self, tenant: int, question: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask one statement of one tenant, whose id is the first parameter."""
        async with self._database.tenant(tenant) as transaction:
            found: list[asyncpg.Record] = await transaction.driver.fetch(
                question, tenant, *arguments
            )
            return found

    async def alone(self, tenant: int, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """*work* that needs nothing loaded, repeated if it meets others."""
        return await self._database.retrying(tenant, work)

    async def visit(
        self,
        tenant: int,
        now: datetime,
        find: Find[P],
        complete: Complete[P] | None = None,
    ) -> P | None:
        """The piece as it was decided and saved, repeated if it met others; None: nothing due."""

        async def work(transaction: Transaction) -> P | None:
            piece = await find(transaction)
            if piece is None:
                return None
            alerts, tickets = piece.needs()
            rows = await load_working_set(transaction.driver, tenant, alerts, (), tickets)
            rows.rule_named = self._rule_named
            if complete is not None:
                piece = await complete(transaction, rows, piece)
            piece.decide(rows, now)
            await self._database.save(transaction, rows, self._routes, now)
            return piece

        return await self._database.retrying(tenant, work)
