"""A duty asks which tenants have something due, and visits those: each visit is one transaction.

A visit finds what is due, locks and loads it, decides, and saves. Any number of processes may do so
at once: what is due is looked at again under the locks.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

import asyncpg

from gateway.alerts.rule import Rule
from gateway.effects.working_set import default_rule
from gateway.events.routing import Route
from gateway.storage.postgres.kernel.clock import ask_clock
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.perform import Complete, Door, Find, P
from gateway.storage.postgres.workflows import TenantWorkflows

MOST = 500
"""Alerts in one transaction."""

T = TypeVar("T")


class Visits:
    """For the stores of duties; *rule_named* finds the configured rule. Raises Unavailable while
    PostgreSQL is away.
    """

    def __init__(
        self,
        database: Database,
        routes: Sequence[Route] = (),
        rule_named: Callable[[str], Rule] = default_rule,
        workflows: TenantWorkflows | None = None,
    ) -> None:
        self._database = database
        self._door = Door(database, routes, rule_named, workflows=workflows)

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

        return await self._door.visit(tenant, now, find, complete)
