"""`migrate`: the configured PostgreSQL gets the schema that this version needs."""

from contextlib import AsyncExitStack

from gateway.cli.postgres import Say, open_postgres
from gateway.config import Config
from gateway.errors import GatewayError
from gateway.storage.postgres.kernel.connect import PostgresAway
from gateway.storage.postgres.kernel.failures import DRIVER_ERRORS, is_outage
from gateway.storage.postgres.schema import migrate as schema


class SchemaStays(GatewayError):
    """PostgreSQL refused a migration."""


async def migrate(config: Config, say: Say, *, finish: bool = False) -> None:
    """*finish*: no replica of a release before runs any more. Only a person knows that, so it is
    said of a private PostgreSQL too. Raises PostgresAway, SchemaStays, or MigrationRefused.
    """
    if not config.postgres.url and not finish:
        say("No [postgres] url is configured: `serve` migrates its private PostgreSQL itself.")
        return
    async with AsyncExitStack() as stack:
        url = await open_postgres(stack, config, say)
        result = await migrate_with_reasons(url, say, finish=finish)
    if finish:
        say("No replica of a release before is left: new tickets follow their types' workflows.")
    say(f"The schema is at {result.version}; {len(result.applied)} migrations were applied.")


async def migrate_with_reasons(
    url: str, say: Say, *, finish: bool = False
) -> schema.MigrationResult:
    """Raises PostgresAway, SchemaStays, or MigrationRefused."""
    try:
        return await schema.migrate(url, progress=say, finish=finish)
    except DRIVER_ERRORS as error:
        if is_outage(error):
            raise PostgresAway(f"PostgreSQL cannot be reached: {error}") from error
        raise SchemaStays(
            f"PostgreSQL refused: {error}. Nothing of that migration was done. May the user of"
            " [postgres] url create tables and roles there?"
        ) from error
