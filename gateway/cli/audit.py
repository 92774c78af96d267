"""`audit`: is every history as it was written?"""

from contextlib import AsyncExitStack

from gateway.cli.postgres import Say, open_postgres
from gateway.config import Config
from gateway.storage.postgres.kernel.connect import WORKERS, connect, create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.queries.audit import Broken, broken_histories
from gateway.storage.postgres.schema.installation import read_tenants

SAID_EVERY = 10_000


async def audit(config: Config, say: Say) -> int:
    """Reads all of it again, beside a running gateway if there is one. 1: something is broken."""
    async with AsyncExitStack() as stack:
        url = await open_postgres(stack, config, say)
        connection = await connect(url, purpose=WORKERS)
        try:
            tenants = await read_tenants(connection)
        finally:
            await connection.close()
        # One picture of everything: what changes meanwhile is not taken for a break.
        engine = create_engine(url, purpose=WORKERS, pool_size=1).execution_options(
            isolation_level="REPEATABLE READ"
        )
        stack.push_async_callback(engine.dispose)
        database, looked_at, broken = Database(engine), _Count(say), list[tuple[int, Broken]]()
        for tenant in tenants:
            found = await broken_histories(database, tenant, looked_at)
            broken += [(tenant, one) for one in found]
    for tenant, one in broken:
        say(
            f"BROKEN: {one.kind} {one.object_id} of tenant {tenant}: its history was changed,"
            f" cut or added to, from entry {one.sequence} on. A backup has it as it was."
        )
    whole = looked_at.count - len(broken)
    say(f"{whole:,} of {looked_at.count:,} histories are as they were written.")
    return 1 if broken else 0


class _Count:
    """Of what was looked at; says so now and then."""

    def __init__(self, say: Say) -> None:
        self.count = 0
        self._say = say

    def __call__(self) -> None:
        self.count += 1
        if self.count % SAID_EVERY == 0:
            self._say(f"  {self.count:,} histories looked at ...")
