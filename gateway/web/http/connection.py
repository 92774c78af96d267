"""One connection: aiohttp's protocol with a deadline for headers and answers of ours to bad HTTP.

aiohttp bounds the time of incomplete headers only by `keepalive_timeout`, which must be long here
(Go clients keep idle connections for 300 s), so a dripping client would be kept as long.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiohttp import hdrs, web
from aiohttp.web_request import BaseRequest

from gateway.errors import GatewayError
from gateway.logs import get_logger
from gateway.web.http.options import WebOptions
from gateway.web.http.problems import HttpRefused, InternalError, error_answer
from gateway.web.http.refusals import RefusalLog

_logger = get_logger(__name__)

SERVER_NAME = "alert-gateway"
"""What the Server header says: no version, for nobody but attackers needs it."""


@dataclass(slots=True)
class Connections:
    """All connections of one listener, and what bounds them."""

    server: web.Server
    options: WebOptions
    open: int = 0
    refusals: RefusalLog = field(
        default_factory=lambda: RefusalLog(_logger, "a connection was refused: too many are open")
    )

    def accept(self) -> "Connection":
        """The protocol factory for `create_server`."""
        return Connection(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self.options.keepalive_timeout.total_seconds(),
            lingering_time=self.options.lingering_timeout.total_seconds(),
            auto_decompress=False,  # gateway.web.http.encoding does it
            access_log=None,
        )


class Connection(web.RequestHandler):
    """Closes itself if the first byte or headers take too long, or if there are too many of it.

    Uses three private names of aiohttp's (`_request_count`, `_waiter`, `_manager`), each covered by
    a test: it offers no other way to see whether a request has begun.
    """

    __slots__ = ("_all", "_counted", "_header_clock", "_silent")

    def __init__(self, connections: Connections, **arguments: Any) -> None:
        super().__init__(connections.server, **arguments)
        self._all = connections
        self._counted = False
        self._silent = True
        """Nothing has been received yet."""
        self._header_clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._all.open >= self._all.options.max_connections:
            self._all.refusals.refused({}, open=self._all.open)
            self._manager = None  # else aiohttp would end a connection that it never began
            transport.close()
            return
        self._all.open += 1
        self._counted = True
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._counted:
            self._all.open -= 1
            self._counted = False
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._counted:
            return
        if self._silent:
            self._silent = False
            self._stop_clock()
        begun = self._request_count
        super().data_received(data)
        if self._request_count != begun:
            self._stop_clock()
        elif self._header_clock is None and data and self._is_idle():
            self._start_clock()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is not HTTP, and to exceptions outside of all middlewares."""
        error: GatewayError
        if status < 500:
            _logger.debug("bad HTTP was refused", exc_info=exc)
            error = HttpRefused("the request is not valid HTTP", "bad_http", status=status)
        else:
            _logger.error("a request failed outside of its handler", exc_info=exc)
            error = InternalError("The gateway failed on this request; its log says why.")
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer is sent already")
        answer = error_answer(error, request.path)
        answer.headers[hdrs.SERVER] = SERVER_NAME
        answer.force_close()
        return answer

    def _is_idle(self) -> bool:
        """No request is in hand: what arrived belongs to the headers of the next one."""
        return self._waiter is not None and not self._waiter.done()

    def _headers_overdue(self) -> None:
        self._header_clock = None
        if self._is_idle():
            self.force_close()

    def _start_clock(self) -> None:
        seconds = self._all.options.header_timeout.total_seconds()
        self._header_clock = self._loop.call_later(seconds, self._headers_overdue)

    def _stop_clock(self) -> None:
        if self._header_clock is not None:
            self._header_clock.cancel()
            self._header_clock = None
