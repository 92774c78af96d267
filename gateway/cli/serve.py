"""`serve`: PostgreSQL if need be, migrations, then one process or several, until told to stop."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from gateway.app.lifecycle import open_gateway
from gateway.cli.address import refuse_taken_address
from gateway.cli.banner import banner
from gateway.cli.children import FIRST_CHILD, run_children, stop_with_parent
from gateway.cli.postgres import Say
from gateway.config import Config
from gateway.errors import GatewayError
from gateway.roles import EVERY_ROLE, ProcessRole
from gateway.storage.embedded import (
    PrivatePostgres,
    PrivatePostgresFailed,
    open_private_postgres,
)
from gateway.storage.postgres.schema.migrate import migrate
from gateway.web.http.options import ListenAddress

CHILD_URL = "ALERT_GATEWAY_POSTGRES_URL"
"""In the environment of a child process: where the parent says PostgreSQL is."""


class RolesNeedPostgres(GatewayError):
    """Processes of different roles can share only a PostgreSQL that none of them owns."""


async def serve(
    config: Config, config_path: Path | None, roles: frozenset[ProcessRole], say: Say
) -> None:
    """Returns when SIGTERM or SIGINT has been obeyed."""
    _tune_interpreter()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if url := os.environ.get(CHILD_URL):
        stop_with_parent(stopping)
        async with open_gateway(
            config,
            url,
            may_migrate=config.postgres.migrate,
            roles=roles,
            declares=FIRST_CHILD in os.environ,
        ):
            await stopping.wait()
        return
    if roles != EVERY_ROLE and not config.postgres.url:
        raise RolesNeedPostgres(
            "--roles needs a [postgres] url, since processes of other roles cannot share a private"
            " PostgreSQL: set it, or leave --roles out"
        )
    refuse_taken_address(config.http.listen)
    async with _postgres(config, say) as (url, private):
        if config.http.workers > 1:
            async with _kept_running(private, say):
                variables = {CHILD_URL: url}
                await run_children(config, config_path, roles, variables, stopping, say)
        else:
            await _serve_alone(config, config_path, url, roles, private, stopping, say)
    say("Stopped.")


async def _serve_alone(
    config: Config,
    config_path: Path | None,
    url: str,
    roles: frozenset[ProcessRole],
    private: PrivatePostgres | None,
    stopping: asyncio.Event,
    say: Say,
) -> None:
    revive = None if private is None else private.revive
    async with open_gateway(
        config, url, may_migrate=config.postgres.migrate, roles=roles, revive=revive
    ) as gateway:
        listen = ListenAddress(*gateway.server.addresses[0])
        say(banner(config, config_path, listen, program()))
        await stopping.wait()
        say("Stopping: finishing requests, draining the pipeline ...")


@asynccontextmanager
async def _postgres(config: Config, say: Say) -> AsyncIterator[tuple[str, PrivatePostgres | None]]:
    """The configured PostgreSQL as it is, or the private one, started and migrated."""
    if config.postgres.url:
        yield config.postgres.url, None
        return
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            open_private_postgres(config.data_dir, progress=say)
        )
        await migrate(server.url, progress=say)
        yield server.url, server


@asynccontextmanager
async def _kept_running(private: PrivatePostgres | None, say: Say) -> AsyncIterator[None]:
    """The parent of several processes looks after the private PostgreSQL itself."""
    if private is None:
        yield
        return
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(_keep_running(private, say))
        yield
        watch.cancel()


async def _keep_running(private: PrivatePostgres, say: Say) -> None:
    while True:
        try:
            await private.keep_running()
        except PrivatePostgresFailed as error:
            say(str(error))


def _tune_interpreter() -> None:
    """Cyclic garbage is rare here, and full collections would stop the event loop for long; the
    journal's thread must get its turn soon, since answers wait for it.
    """
    sys.setswitchinterval(0.001)
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)


def program() -> str:
    """How the user called us, for copying."""
    name = Path(sys.argv[0])
    if name.name != "alert-gateway":
        return f"{sys.executable} -m gateway"
    try:
        return str(name.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(name)
