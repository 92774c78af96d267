"""Tenants by name, as a configuration names them."""

from gateway.errors import Unavailable
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.schema.installation import DEFAULT_TENANT
from gateway.storage.postgres.statements import load

SQL = load("installation")


class TenantsByName:
    """Ids of tenants, which never change: asked of PostgreSQL once each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = {"default": DEFAULT_TENANT}

    async def id_of(self, name: str) -> int:
        """Raises Unavailable while PostgreSQL is away and has not said it, or there is none."""
        known = self._ids.get(name)
        if known is not None:
            return known
        async with self._database.connected() as connection:
            found = await connection.exec_driver_sql(SQL["tenant_named"], (name,))
            tenant: int | None = found.scalar_one_or_none()
        if tenant is None:
            raise Unavailable(f"there is no tenant {name!r} yet", code="no_such_tenant")
        return self._ids.setdefault(name, tenant)
