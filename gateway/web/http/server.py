"""The web side put together: endpoints and middlewares as an application, and its listener.

A request passes: Connection (headers complete in time) > WebServer (counted) > answer_errors >
signatures of sources that sign > authenticate > its endpoint, which reads the form and calls the
handler.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from gateway.web.http.body import BodyReader
from gateway.web.http.connection import SERVER_NAME, Connections
from gateway.web.http.gate.authenticate import Guard, authenticate
from gateway.web.http.measures import OnAnswer, measure
from gateway.web.http.options import WebOptions
from gateway.web.http.problems import answer_errors
from gateway.web.http.routes import Served, add_routes, handlers_of

BACKLOG = 1024
"""Connections waiting to be accepted: a restart makes all senders come back at once."""

WRITING_SECONDS = 2.0
"""At the end, for answers that are made but not yet written."""


def create_web_app(
    routes: Iterable[Served],
    bodies: BodyReader,
    options: WebOptions,
    guard: Guard,
    on_answer: OnAnswer | None = None,
    signed: Sequence[Middleware] = (),
) -> web.Application:
    """All of *routes*, each with and without a trailing slash, behind *guard*.

    *signed* come before it: whom they admit, it asks nothing.
    """
    table = handlers_of(routes, bodies)
    measuring = [] if on_answer is None else [measure(table, on_answer)]
    app = web.Application(
        client_max_size=options.max_body_bytes,
        middlewares=[*measuring, answer_errors(), *signed, authenticate(guard, table)],
    )
    add_routes(app, table)
    return app


class _Listener(web.BaseSite):
    """aiohttp's TCPSite, but with our own protocol for each connection."""

    def __init__(self, runner: web.AppRunner, connections: Connections) -> None:
        super().__init__(runner)
        self._connections = connections
        self.addresses: list[tuple[str, int]] = []

    @property
    def name(self) -> str:
        return f"http://{self._connections.options.listen}"

    async def start(self) -> None:
        await super().start()
        options = self._connections.options
        server = await asyncio.get_running_loop().create_server(
            self._connections.accept,
            options.listen.host or None,
            options.listen.port,
            backlog=BACKLOG,
            reuse_port=True if options.workers > 1 else None,
        )
        self._server = server
        self.addresses = [socket.getsockname()[:2] for socket in server.sockets]


class WebServer:
    """A listening application. Made by `run_server`."""

    def __init__(self, app: web.Application, options: WebOptions, grace: timedelta) -> None:
        self._app = app
        self._options = options
        self._grace_seconds = grace.total_seconds()
        self._in_flight = 0
        self._draining = False
        self._quiet = asyncio.Event()
        self._quiet.set()
        app.middlewares.insert(0, self._counting())
        app.on_response_prepare.append(self._finish_headers)
        self._runner = web.AppRunner(
            app,
            handler_cancellation=False,
            shutdown_timeout=min(self._grace_seconds, WRITING_SECONDS),
        )
        self._listener: _Listener | None = None

    @property
    def in_flight(self) -> int:
        """Requests begun and not yet answered."""
        return self._in_flight

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of every listening socket."""
        return self._listener.addresses if self._listener else []

    @property
    def routes(self) -> set[tuple[str, str]]:
        """Method and path template of everything served; paths without a trailing slash."""
        return {
            (route.method, route.resource.canonical.rstrip("/"))
            for route in self._app.router.routes()
            if route.resource is not None
        }

    async def start(self) -> None:
        """Listen; raises OSError if the address cannot be had."""
        await self._runner.setup()
        assert self._runner.server is not None
        connections = Connections(self._runner.server, self._options)
        self._listener = _Listener(self._runner, connections)
        await self._listener.start()

    def drain(self) -> None:
        """From now on every answer says `Connection: close`; requests are still taken."""
        self._draining = True

    async def stop(self) -> None:
        """Stop accepting, let requests in flight finish within the grace, close what is left.

        aiohttp's own shutdown would drop the rest of bodies that are still arriving.
        """
        self.drain()
        if self._listener is not None and self._listener in self._runner.sites:
            await self._listener.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._grace_seconds):
                await self._quiet.wait()
        await self._runner.cleanup()

    def _counting(self) -> Middleware:
        @web.middleware
        async def counting(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._in_flight += 1
            self._quiet.clear()
            try:
                return await handler(request)
            finally:
                self._in_flight -= 1
                if not self._in_flight:
                    self._quiet.set()

        return counting

    async def _finish_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers[hdrs.SERVER] = SERVER_NAME
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
        if self._draining:
            headers[hdrs.CONNECTION] = "close"
            response.force_close()


@asynccontextmanager
async def run_server(
    app: web.Application, options: WebOptions, grace: timedelta
) -> AsyncIterator[WebServer]:
    """Listen while the block runs; its end is a graceful stop."""
    server = WebServer(app, options, grace)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
