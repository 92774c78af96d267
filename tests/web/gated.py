"""A whole gateway that asks everybody who they are, with callers of two tenants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from aiohttp import ClientSession

from gateway.app.lifecycle import open_gateway
from gateway.config import load
from tests.callers import Callers
from tests.programs import eventually
from tests.web.client import Client

REQUIRED = '[http]\nlisten = "127.0.0.1:0"\n[auth]\nmode = "required"\n'


class Gated:
    """One gateway; `of` gives somebody's client."""

    def __init__(self, session: ClientSession, callers: Callers, routes: Any) -> None:
        self.session = session
        self.callers = callers
        self.routes = routes

    def client(self, token: str) -> "Bearer":
        """Whoever holds *token*."""
        return Bearer(self.session, token)

    async def of(self, handle: str, *roles: str, tenant: int = 1, **projects: str) -> "Bearer":
        """A new user's client."""
        return self.client(await self.callers.of(handle, *roles, tenant=tenant, **projects))

    async def sender(self, tenant: int = 1, source: str = "") -> "Bearer":
        """A new sender's client."""
        return self.client(await self.callers.token(role="sender", tenant=tenant, source=source))


class Bearer(Client):
    """A client with a token."""

    def __init__(self, session: ClientSession, token: str) -> None:
        super().__init__(session)
        self.token = token

    async def ask(
        self, method: str, path: str, body: Any = None, *, status: int = 200, **more: Any
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return await super().ask(method, path, body, status=status, headers=headers, **more)


@asynccontextmanager
async def gated(url: str, directory: Path, more: str = "") -> AsyncIterator[Gated]:
    """*url* is that of the database, as its owner."""
    path = directory / "gateway.toml"
    path.write_text(f'data_dir = "data"\n{REQUIRED}{more}')
    connection = await asyncpg.connect(url)
    try:
        async with open_gateway(load(path), url, may_migrate=False) as gateway:
            host, port = gateway.server.addresses[0]
            async with ClientSession(f"http://{host}:{port}") as session:
                one = Gated(session, Callers(connection), gateway.server.routes)
                await eventually(Client(session).ready)
                yield one
    finally:
        await connection.close()
