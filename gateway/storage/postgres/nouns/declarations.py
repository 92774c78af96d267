"""Declarations in PostgreSQL: reconciling a tenant, and what is declared in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.clock import Clock
from gateway.declarations.book import Book
from gateway.declarations.declaration import Declaration
from gateway.declarations.reconcile import reconcile
from gateway.effects.working_set import WorkingSet
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.working_set import load_standing
from gateway.storage.postgres.statements import load

SQL = load("declarations")


class Reconciled(NamedTuple):
    """What became of one reconciling."""

    changes: int
    newer: int | None
    """The revision that is declared, if it is newer: then nothing was changed."""


class TenantVersion(NamedTuple):
    """A tenant, and the version of what is declared in it."""

    tenant: int
    name: str
    version: int


@dataclass(frozen=True, slots=True)
class PostgresDeclarations:
    """Raises Unavailable while PostgreSQL is away."""

    database: Database
    clock: Clock

    async def reconcile(
        self, tenant: int, wanted: Sequence[Declaration], revision: int
    ) -> Reconciled:
        """Make *wanted* be what is declared; whoever does so at the same time waits."""

        async def work(transaction: Transaction) -> Reconciled:
            driver, now = transaction.driver, self.clock()
            standing = await load_standing(driver, tenant)
            if revision < standing.revision:
                return Reconciled(0, standing.revision)
            rows = WorkingSet(tenant)
            for change in reconcile(standing, wanted, revision, now):
                rows.declare(change)
            if rows.declared:
                await self.database.save(transaction, rows, (), now)
            if revision > standing.revision:
                await driver.execute(SQL["raise_revision"], tenant, revision)
            return Reconciled(len(rows.declared), None)

        return await self.database.retrying(tenant, work)

    async def book(self, tenant: int) -> Book:
        """What is declared in the tenant now, whichever process declared it."""
        async with self.database.tenant(tenant) as transaction:
            return await self.database.book(transaction)

    async def tenants(self) -> Sequence[TenantVersion]:
        """All of them."""
        async with self.database.connected() as connection:
            found = (await connection.exec_driver_sql(SQL["tenants"])).all()
        return [TenantVersion(*tuple(one)) for one in found]
