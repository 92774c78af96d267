"""The database of commands about people: they write to it themselves, beside a gateway or without.

So the first administrator can be made. They go through the same door as requests, and history
names who ran them: `local:anna`, by the account of the operating system.
"""

import getpass
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.changes.command import Command
from gateway.changes.perform import Answer
from gateway.cli.migrate import migrate_with_reasons
from gateway.cli.postgres import Say, open_postgres
from gateway.config import Config
from gateway.effects.working_set import WorkingSet
from gateway.errors import NotFound
from gateway.storage.postgres.kernel.connect import WORKERS, connect, create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.perform import Door
from gateway.storage.postgres.preparation import SchemaTooOld
from gateway.storage.postgres.schema.installation import read_tenant_names
from gateway.storage.postgres.schema.migrate import CODE_VERSION, schema_version

_NO_NAME = re.compile(r"[^A-Za-z0-9._@-]")


@dataclass(frozen=True, slots=True)
class TenantDesk:
    """Where commands about the people of one tenant are done."""

    tenant: int
    database: Database

    async def do(self, command: Command[WorkingSet, Answer]) -> Answer:
        """As an administrator of the tenant, whom history names by the account that runs this."""
        by = Principal(self.tenant, f"local:{_account()}", Role.ADMIN)
        return await Door(self.database).perform(command, by)


@asynccontextmanager
async def connected(config: Config, say: Say) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """The URL, and a connection; the schema is as new as this program."""
    async with AsyncExitStack() as stack:
        url = await open_postgres(stack, config, say)
        if config.postgres.url and config.postgres.migrate:
            await migrate_with_reasons(url, say)
        connection = await connect(url, purpose=WORKERS)
        stack.push_async_callback(connection.close)
        found = await schema_version(connection)
        if found < CODE_VERSION:
            raise SchemaTooOld(
                f"the database's schema is at {found}, this program needs {CODE_VERSION}: run"
                " `alert-gateway migrate`, or restart the gateway with this version"
            )
        yield url, connection


@asynccontextmanager
async def open_desk(config: Config, tenant: str, say: Say) -> AsyncIterator[TenantDesk]:
    """Raises NotFound for a tenant that there is not."""
    async with connected(config, say) as (url, connection):
        names = await read_tenant_names(connection)
        if tenant not in names:
            raise NotFound(
                f"no tenant {tenant}, only {', '.join(names)}: make it with `alert-gateway tenant"
                f" create {tenant}`, or name another with --tenant"
            )
        engine = create_engine(url, purpose=WORKERS, pool_size=1)
        try:
            yield TenantDesk(names[tenant], Database(engine))
        finally:
            await engine.dispose()


def of_handle(handle: str) -> str:
    """As commands name a user: `anna` and `@anna` are the same, and an id is itself."""
    is_known = handle.startswith(("@", "u_"))
    return handle if is_known else f"@{handle}"


def printable(text: str) -> str:
    """Names are written by people: no control characters on a terminal."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _account() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "anonymous"
    return _NO_NAME.sub("-", name)[:64]
