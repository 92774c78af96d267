"""A client of a whole gateway in this process, which holds every answer against openapi.yaml."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from aiohttp import ClientSession, TCPConnector
from multidict import CIMultiDictProxy

from gateway.app import Gateway, open_gateway
from gateway.clock import system_clock
from gateway.config import load
from tests.programs import eventually
from tests.web.api.description import DESCRIPTION

Json = dict[str, Any]
NEVER = "2100-01-01T00:00:00Z"
_names = count(1)


def fresh(word: str = "Alert") -> str:
    """A name that no other test of this run uses."""
    return f"{word}{next(_names):05}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as it came."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def pointers(self) -> list[str]:
        """The fields to blame."""
        return [error["pointer"] for error in self.json["errors"]]


class ShiftedClock:
    """The machine's clock, put forward by what a test adds to `ahead`."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.ahead


class Client:
    """Asks one gateway, as `X-Actor: anna`. Every answer is checked to be as described."""

    def __init__(self, session: ClientSession, gateway: Gateway, url: str) -> None:
        self.session = session
        self.gateway = gateway
        self.url = url
        self.seen: set[tuple[str, str | None, int]] = set()

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        data: bytes | None = None,
        params: Mapping[str, str] | None = None,
        **headers: str,
    ) -> Answer:
        """`Content_Type="x"` is sent as `Content-Type: x`; a *body* is JSON, *data* is sent as is."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if data is None and body is not None:
            data = orjson.dumps(body)
        if data is not None:
            named = {"Content-Type": "application/json", **named}
        async with self.session.request(
            method, path, data=data, params=params, headers=named, skip_auto_headers=["Accept"]
        ) as response:
            answer = Answer(response.status, response.headers, await response.read())
        self._check(method, path, data or b"", named, answer)
        return answer

    def _check(
        self, method: str, path: str, sent: bytes, headers: Mapping[str, str], answer: Answer
    ) -> None:
        DESCRIPTION.check_answer(method, path, answer.status, answer.headers, answer.body)
        self.seen.add((method, DESCRIPTION.template_of(method, path), answer.status))
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("application/problem+json"):
            problem = answer.json
            assert problem["status"] == answer.status
            assert problem["type"] == f"urn:alert-gateway:problem:{problem['code']}"
        elif answer.status < 300 and "/intake/" not in path and "/v2/" not in path:
            if "Content-Encoding" not in headers and "/explain" not in path:
                DESCRIPTION.check_request(method, path, sent)

    async def ask(
        self, method: str, path: str, body: object = None, *, status: int = 200, **more: Any
    ) -> Any:
        """The decoded body of an answer with *status*."""
        answer = await self.send(method, path, body, **more)
        assert answer.status == status, (answer.status, answer.body)
        return answer.json if answer.body else None

    async def get(self, path: str, **params: str) -> Any:
        return await self.ask("GET", path, params=params)

    async def fire(self, *names: str, source: str = "custom", **labels: str) -> None:
        """One alert each, and wait until they are in the ledger."""
        alerts = [{"labels": {"alertname": name, **labels}} for name in names]
        await self.ask("POST", f"/api/v1/intake/{source}", alerts)
        await self.drained()

    async def resolve(self, *names: str, **labels: str) -> None:
        alerts = [
            {"labels": {"alertname": name, **labels}, "status": "resolved"} for name in names
        ]
        await self.ask("POST", "/api/v1/intake/custom", alerts)
        await self.drained()

    async def drained(self) -> None:
        """Everything that was answered 2xx is in the ledger."""

        async def empty() -> bool:
            async with self.session.get("/metrics") as answer:
                return "gateway_journal_unapplied_records 0.0" in await answer.text()

        await eventually(empty)

    async def alert(self, name: str) -> Any:
        """The one alert called *name*."""
        found = await self.get("/api/v1/alerts", matchers=f'{{alertname="{name}"}}')
        (alert,) = found["items"]
        return alert

    async def ticket(self, name: str) -> Any:
        """In detail, the newest ticket that an alert called *name* is on."""
        ticket_id = (await self.alert(name))["ticket_id"]
        assert ticket_id is not None
        return await self.get(f"/api/v1/tickets/{ticket_id}")

    async def step(self, ticket: Json, to: str, *, status: int = 200, **more: Any) -> Any:
        path = f"/api/v1/tickets/{ticket['id']}/transitions"
        return await self.ask("POST", path, {"to": to, **more}, status=status)

    async def silence(self, matchers: str, **more: str) -> Any:
        body = {"matchers": matchers, "ends_at": NEVER, **more}
        return await self.ask("POST", "/api/v1/silences", body, status=201)

    async def pages(self, path: str, **params: str) -> list[Any]:
        """All items of a list, page by page."""
        items: list[Any] = []
        cursor: Mapping[str, str] = {}
        while True:
            page = await self.get(path, **params, **cursor)
            items += page["items"]
            if page["next"] is None:
                return items
            assert len(page["items"]) == int(params.get("limit", 50))
            cursor = {"cursor": page["next"]}

    async def rows(self, query: str, *arguments: object) -> list[Json]:
        """As superuser: row-level security does not bind it."""
        return await rows(self.url, query, *arguments)


async def rows(url: str, query: str, *arguments: object) -> list[Json]:
    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(query, *arguments)]
    finally:
        await connection.close()


@asynccontextmanager
async def running_client(
    url: str,
    directory: Path,
    settings: str = "",
    *,
    clock: ShiftedClock | None = None,
    connections: int = 100,
    **headers: str,
) -> AsyncIterator[Client]:
    """A gateway on the database at *url* with its own data in *directory*, and its client."""
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "gateway.toml"
    config.write_text(f'http.listen = "127.0.0.1:0"\n{settings}')
    async with open_gateway(
        load(config), url, may_migrate=False, clock=clock or system_clock
    ) as gateway:
        _, port = gateway.server.addresses[0]
        named = {"X-Actor": "anna"} | {k.replace("_", "-"): v for k, v in headers.items()}
        async with ClientSession(
            f"http://127.0.0.1:{port}", headers=named, connector=TCPConnector(limit=connections)
        ) as session:
            yield Client(session, gateway, url)


async def at_once(*calls: Any) -> list[Answer]:
    """All of them, begun together."""
    return list(await asyncio.gather(*calls))
