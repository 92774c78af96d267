"""`audit verify`: is every history as it was written?"""

from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg

from gateway.cli.postgres import Say, open_postgres
from gateway.config import Config
from gateway.errors import NotFound
from gateway.storage.postgres.kernel.connect import WORKERS, Purpose, connect, create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.queries.audit import Broken, broken_histories
from gateway.storage.postgres.schema.installation import read_tenant_names

SAID_EVERY = 10_000


_AUDIT = Purpose("audit", statement=timedelta(hours=6), idle_in_transaction=timedelta(hours=1))
"""However long: nobody waits for it but who runs it."""


async def audit(config: Config, say: Say, tenant: str | None = None) -> int:
    """Reads all of it again, beside a running gateway if there is one. 1: something is broken.

    Of one *tenant*, by its name or number, or of all. Raises NotFound.
    """
    async with AsyncExitStack() as stack:
        url = await open_postgres(stack, config, say)
        connection = await connect(url, purpose=WORKERS)
        try:
            tenants = await _chosen(connection, tenant)
        finally:
            await connection.close()
        # One picture of everything: what changes meanwhile is not taken for a break.
        engine = create_engine(url, purpose=_AUDIT, pool_size=1).execution_options(
            isolation_level="REPEATABLE READ"
        )
        stack.push_async_callback(engine.dispose)
        database, looked_at, broken = Database(engine), _Count(say), list[tuple[int, Broken]]()
        for number in tenants:
            found = await broken_histories(database, number, looked_at)
            broken += [(number, one) for one in found]
    for number, one in broken:
        say(
            f"BROKEN: {one.kind} {one.object_id} of tenant {number}: its history was changed,"
            f" cut or added to, from entry {one.sequence} on. A backup has it as it was."
        )
    whole = max(0, looked_at.count - len(broken))
    say(f"{whole:,} of {looked_at.count:,} histories are as they were written.")
    return 1 if broken else 0


async def _chosen(connection: asyncpg.Connection, tenant: str | None) -> list[int]:
    names = await read_tenant_names(connection)
    if tenant is None:
        return list(names.values())
    named = names.get(tenant)
    if named is None and tenant.isdecimal() and int(tenant) in names.values():
        named = int(tenant)
    if named is None:
        raise NotFound(f"there is no tenant {tenant}")
    return [named]


class _Count:
    """Of what was looked at; says so now and then."""

    def __init__(self, say: Say) -> None:
        self.count = 0
        self._say = say

    def __call__(self) -> None:
        self.count += 1
        if self.count % SAID_EVERY == 0:
            self._say(f"  {self.count:,} histories looked at ...")
