"""A real server on a free port with small handlers, and a client that speaks raw HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from gateway.access.permission import Permission, Role
from gateway.app.lifecycle import open_gateway
from gateway.config import load
from gateway.web.api import operations
from gateway.web.http.answers import Answer, json_answer
from gateway.web.http.body import BodyReader
from gateway.web.http.endpoint import (
    AnyEndpoint,
    Body,
    Endpoint,
    Nothing,
    Parameter,
    Unread,
    WebCall,
    with_head,
)
from gateway.web.http.forms import Form
from gateway.web.http.forwarded import read_network
from gateway.web.http.gate.authenticate import Guard
from gateway.web.http.gate.gate import Gate
from gateway.web.http.gate.turned_away import AuthFailure
from gateway.web.http.options import ListenAddress, WebOptions
from gateway.web.http.paging import PageForm, part_of
from gateway.web.http.routes import served_by
from gateway.web.http.server import WebServer, create_web_app, run_server
from gateway.web.views.page import Page
from tests.programs import eventually
from tests.web.client import Client


class Matcher(Form):
    name: str
    value: str = ""


class SilenceForm(Form):
    comment: str
    matchers: tuple[Matcher, ...] = ()
    anything: object = None


class ThingsForm(PageForm):
    status: str | None = None
    matchers: str | None = None


class Thing(msgspec.Struct):
    n: int


class Measured(msgspec.Struct):
    size: int
    in_flight: int
    text: str


class Held(msgspec.Struct):
    size: int


class Who(msgspec.Struct):
    tenant: int
    actor: str
    role: Role


class SampleHandlers:
    """One path for each thing that the web side does for its endpoints."""

    def __init__(self, bodies: BodyReader) -> None:
        self.bodies = bodies
        self.error: Exception = RuntimeError("no error was set")
        self.begun = asyncio.Event()
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()

    async def page(self, call: WebCall[ThingsForm]) -> Answer[Page[Thing]]:
        part = part_of(call, tuple[int, str])
        first = part.after[0] + 1 if part.after else 0
        rows = [(n, f"row {n}") for n in range(first, 120)][: part.fetch]
        return json_answer(part.page(rows, lambda row: row, lambda row: Thing(row[0])))

    async def form(self, call: WebCall[SilenceForm]) -> Answer[SilenceForm]:
        return json_answer(call.form, status=201)

    async def measure(self, call: WebCall[Unread]) -> Answer[Measured]:
        self.begun.set()
        async with self.bodies.read(call.request) as body:
            return json_answer(Measured(len(body), self.bodies.bytes_in_flight, _start(body)))

    async def fail(self, call: WebCall[Nothing]) -> Answer[None]:
        raise self.error

    async def who(self, call: WebCall[Nothing]) -> Answer[Who]:
        one = call.principal
        return json_answer(Who(one.tenant, one.actor, one.role))

    async def hold(self, call: WebCall[Unread]) -> Answer[Held]:
        async with self.bodies.read(call.request) as body:
            self.entered.set()
            await self.go_on.wait()
            return json_answer(Held(len(body)))


def sample(method: str, path: str, does: Callable[..., object], **more: Any) -> AnyEndpoint:
    """An endpoint as short as the tests want it."""
    named = {"form": Nothing, "answer": type(None), "permission": Permission.ALERTS_READ, **more}
    return Endpoint(
        method=method, path=path, does=does, name=path, tags=(), says={200: "It is"}, **named
    )


SENT = {"form": Unread, "permission": Permission.INTAKE, "body": Body(())}
SOURCE = Parameter("source", "path", str, "Source")
SAMPLES = (
    *with_head(sample("GET", "/api/v1/things", SampleHandlers.page, form=ThingsForm)),
    sample("POST", "/api/v1/things", SampleHandlers.form, form=SilenceForm),
    sample("POST", "/api/v1/measure", SampleHandlers.measure, **SENT),
    sample("POST", "/api/v1/intake/{source}", SampleHandlers.measure, asks=(SOURCE,), **SENT),
    sample("POST", "/api/v2/alerts", SampleHandlers.measure, **SENT),
    sample("GET", "/api/v2/alerts", SampleHandlers.fail),
    sample("GET", "/api/v1/fail", SampleHandlers.fail),
    sample("GET", "/api/v1/who", SampleHandlers.who),
    sample("GET", "/api/v1/duty", SampleHandlers.who, permission=Permission.DUTY),
    sample("POST", "/api/v1/hold", SampleHandlers.hold, **SENT),
)


def _start(body: bytes) -> str:
    return body[:64].decode("utf-8", "replace")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> object:
        return msgspec.json.decode(self.body)

    @property
    def problem(self) -> dict[str, object]:
        assert self.headers["content-type"].startswith("application/problem+json"), self
        return msgspec.json.decode(self.body, type=dict[str, object])


class RawConnection:
    """HTTP/1.1 by hand: what is sent is exactly what is written here."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, to_head: bool = False) -> Answer:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = head.rstrip("\r\n").split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        size = 0 if to_head else int(headers.get("content-length", 0))
        return Answer(int(status_line.split()[1]), headers, await self._reader.readexactly(size))

    async def closed(self) -> bool:
        """Waits until the server closes; True if it sent nothing more."""
        try:
            return await self._reader.read(1) == b""
        except ConnectionError:
            return True

    async def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """`Content_Type="x"` is sent as `Content-Type: x`; Host and Content-Length unless given."""
        sent = {"Host": "localhost"} | ({"Content-Length": str(len(body))} if body else {})
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in sent.items() if v)]
        await self.send("\r\n".join([*lines, "", ""]).encode() + body)
        return await self.answer(to_head=method == "HEAD")


@dataclass
class Site:
    """One running server and what a test can see of it."""

    server: WebServer
    handlers: SampleHandlers
    failures: list[tuple[AuthFailure, str]] = field(default_factory=list)
    unready: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[RawConnection]:
        reader, writer = await asyncio.open_connection(*self.server.addresses[0])
        try:
            yield RawConnection(reader, writer)
        finally:
            writer.close()

    async def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        async with self.connect() as connection:
            return await connection.request(method, path, body, **headers)

    async def fails_with(self, error: Exception, path: str = "/api/v1/fail") -> Answer:
        self.handlers.error = error
        return await self.request("GET", path)


StartSite = Callable[..., "asyncio.Future[Site]"]
QUICK = WebOptions(
    listen=ListenAddress("127.0.0.1", 0), lingering_timeout=timedelta(milliseconds=50)
)


@pytest.fixture
async def start_site() -> AsyncIterator[Callable[..., object]]:
    """`await start_site(token="", loopback=True, proxies=(), max_body_bytes=…)`."""
    async with AsyncExitStack() as stack:

        async def start(
            *,
            token: str = "",
            loopback: bool = True,
            proxies: Sequence[str] = (),
            gate: Mapping[str, Any] = MappingProxyType({}),
            grace_seconds: float = 5.0,
            **options: object,
        ) -> Site:
            chosen = replace(QUICK, **options)
            handlers = SampleHandlers(BodyReader(chosen))
            failures: list[tuple[AuthFailure, str]] = []
            unready: list[str] = []
            probes = operations.OperationsHandlers(lambda: unready, lambda: b"gateway_up 1\n")
            app = create_web_app(
                [
                    *served_by(handlers, SAMPLES),
                    *served_by(probes, operations.ENDPOINTS),
                ],
                handlers.bodies,
                chosen,
                Guard(
                    Gate(token, loopback, proxies=tuple(map(read_network, proxies)), **gate),
                    lambda reason, route: failures.append((reason, route)),
                ),
            )
            server = await stack.enter_async_context(
                run_server(app, chosen, timedelta(seconds=grace_seconds))
            )
            return Site(server, handlers, failures, unready)

        yield start


@pytest.fixture
async def site(start_site: Callable[..., object]) -> Site:
    """A loopback site without a token."""
    return await start_site()


@pytest.fixture
async def client(database: str, tmp_path: Path) -> AsyncIterator[Client]:
    config = tmp_path / "gateway.toml"
    config.write_text('http.listen = "127.0.0.1:0"\n')
    async with open_gateway(load(config), database, may_migrate=False) as gateway:
        host, port = gateway.server.addresses[0]
        headers = {"X-Actor": "anna"}
        async with ClientSession(f"http://{host}:{port}", headers=headers) as session:
            client = Client(session)
            client.routes = gateway.server.routes
            await eventually(client.ready)
            yield client
