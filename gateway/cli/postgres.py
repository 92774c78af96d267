"""The PostgreSQL of a command that may run beside a gateway, or without one."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from gateway.config import Config
from gateway.storage.embedded.postmaster import running_postmaster
from gateway.storage.embedded.private import open_private_postgres
from gateway.storage.postgres.schema.migrate import migrate

Say = Callable[[str], None]


async def open_postgres(stack: AsyncExitStack, config: Config, say: Say) -> str:
    """The configured one; else the private one, of a gateway that runs or started for this."""
    if config.postgres.url:
        return config.postgres.url
    home = (config.data_dir / "postgres").resolve()  # it may be a link
    running = running_postmaster(home / "cluster")
    if running is not None:
        return running.url
    server = await stack.enter_async_context(open_private_postgres(config.data_dir, progress=say))
    await migrate(server.url, progress=say)
    return server.url
