"""When tokens were last used, written outside of requests' way."""

from collections import defaultdict
from datetime import datetime

from gateway.access.uses import TokenUses
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.statements import load

SQL = load("access")


class PostgresUses:
    """Writes what was noted, a transaction for each tenant."""

    def __init__(self, database: Database, uses: TokenUses) -> None:
        self._database = database
        self._uses = uses

    async def turn(self) -> bool:
        """What cannot be written is noted on. Raises Unavailable while PostgreSQL is away."""
        taken = self._uses.take()
        by_tenant: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
        for (tenant, token), at in taken.items():
            by_tenant[tenant][token] = at
        try:
            for tenant, last in by_tenant.items():
                async with self._database.tenant(tenant) as transaction:
                    await transaction.driver.execute(SQL["used"], tenant, [*last], [*last.values()])
        except BaseException:
            self._uses.give_back(taken)
            raise
        return False
