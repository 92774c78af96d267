"""`tenant`: who shares the installation, and sees nothing of the others."""

import argparse

from gateway.cli.command import add_command, add_steps, same_config
from gateway.cli.people import connected
from gateway.cli.postgres import Say
from gateway.clock import system_clock
from gateway.config import Config
from gateway.storage.postgres.kernel.connect import WORKERS, create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.nouns.declarations import PostgresDeclarations
from gateway.storage.postgres.schema.installation import create_tenant, read_tenant_names


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`tenant create`, `tenant list`."""
    steps = add_steps(commands, "tenant", "who shares the installation")
    creating = add_command(steps, "create", "make a tenant", _create)
    creating.add_argument("name", metavar="NAME", help="a-z 0-9 _ -, a letter or a digit first")
    add_command(steps, "list", "list the tenants", _list)


async def _create(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    async with connected(config, say) as (url, connection):
        number = await create_tenant(connection, chosen.name)
        await _declare(config, url, chosen.name, number)
    say(f"Made the tenant {chosen.name} (number {number}).")
    next_command = f"alert-gateway user add --tenant {chosen.name} HANDLE --role admin"
    say(f"Its first admin: {next_command}{same_config(chosen)}")


async def _declare(config: Config, url: str, name: str, number: int) -> None:
    """What the configuration declares for it, so that nobody waits for a gateway to do so."""
    engine = create_engine(url, purpose=WORKERS, pool_size=1)
    try:
        store = PostgresDeclarations(Database(engine), system_clock)
        await store.reconcile(number, config.declared.of(name), config.config.revision)
    finally:
        await engine.dispose()


async def _list(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    async with connected(config, say) as (_, connection):
        for name, number in (await read_tenant_names(connection)).items():
            say(f"{number}\t{name}")
