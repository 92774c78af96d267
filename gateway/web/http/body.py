"""Request bodies: read within bounds of size, time and memory, and decoded for the people's API."""

import asyncio
from types import TracebackType
from typing import TypeVar

from aiohttp import StreamReader, hdrs, web

from gateway.errors import Unavailable
from gateway.web.http.encoding import PIECE_BYTES, Inflater, inflater_for
from gateway.web.http.forms import decode_form
from gateway.web.http.options import MIB, WebOptions
from gateway.web.http.problems import HttpRefused

MAX_FORM_BYTES = MIB
"""Of what people send; only senders send more."""

FormType = TypeVar("FormType")
RAW: web.RequestKey[bytes] = web.RequestKey("raw", bytes)
"""A body that was read as it was sent, before it was known whether it is to be handled."""


class ByteBudget:
    """Bytes of all bodies in hand; taking more than is left is refused, never waited for."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.taken = 0

    def take(self, count: int) -> None:
        if self.taken + count > self._limit:
            raise Unavailable(
                "too many request bodies are being handled", "bodies_in_flight", retry_after=1.0
            )
        self.taken += count

    def give_back(self, count: int) -> None:
        self.taken -= count


class BodyReader:
    """Reads bodies. One for all handlers of a process, as they share the byte budget."""

    def __init__(self, options: WebOptions) -> None:
        self._options = options
        self._budget = ByteBudget(options.max_bytes_in_flight)

    @property
    def bytes_in_flight(self) -> int:
        """How many bytes of bodies are being read or handled now."""
        return self._budget.taken

    def read(self, request: web.Request, at_most: int | None = None) -> "BodyInHand":
        """`async with reader.read(request) as body:`; the bytes count as in flight until its end.

        *at_most* bytes, if that is less than what is configured.

        Raises HttpRefused (408 too slow, 413 too large, 415 unknown encoding, 400 corrupt or cut
        short) or Unavailable (too much in flight).
        """
        return BodyInHand(request, self._options, self._budget, at_most)

    def read_raw(self, request: web.Request) -> "BodyInHand":
        """As `read`, but as it was sent: still compressed. It is kept for `read`, as `RAW`."""
        return BodyInHand(request, self._options, self._budget, raw=True)

    async def read_json(self, request: web.Request, form: type[FormType]) -> FormType:
        """The body as *form*; raises HttpRefused (415 not JSON), or Refused with JSON pointers."""
        require_json(request)
        async with self.read(request, MAX_FORM_BYTES) as body:
            return decode_form(body, form)


class BodyInHand:
    """One body, from its first byte to the end of its handling."""

    def __init__(
        self,
        request: web.Request,
        options: WebOptions,
        budget: ByteBudget,
        at_most: int | None = None,
        raw: bool = False,
    ) -> None:
        self._request = request
        self._raw = raw
        self._options = options
        configured = options.max_body_bytes
        self._max_bytes = configured if at_most is None else min(configured, at_most)
        self._budget = budget
        self._size = 0

    async def __aenter__(self) -> bytes:
        try:
            return await self._receive()
        except BaseException:
            self._release()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    def _release(self) -> None:
        self._budget.give_back(self._size)
        self._size = 0

    async def _receive(self) -> bytes:
        request = self._request
        if (request.content_length or 0) > self._max_bytes:
            raise self._too_large()
        inflater = None if self._raw else self._inflater()
        if (raw := request.get(RAW)) is not None:
            return raw if inflater is None else await self._inflated(raw, inflater)
        if inflater is None and request.content.is_eof():
            return self._kept(request.content.read_nowait())
        try:
            async with asyncio.timeout(self._options.body_timeout.total_seconds()):
                await _say_continue(request)
                return await self._collect(request.content, inflater)
        except TimeoutError as error:
            seconds = self._options.body_timeout.total_seconds()
            raise HttpRefused(
                f"the body did not arrive within {seconds:g} s", "body_timeout", status=408
            ) from error

    def _inflater(self) -> Inflater | None:
        encodings = self._request.headers.getall(hdrs.CONTENT_ENCODING, ())
        return inflater_for(encodings, self._options.max_compression_ratio)

    async def _inflated(self, raw: bytes, inflater: Inflater) -> bytes:
        pieces: list[bytes] = []
        for piece in inflater.feed(raw):
            pieces.append(self._kept(piece))
            await asyncio.sleep(0)  # a large body must not hold up the small ones
        inflater.finish()
        return b"".join(pieces)

    async def _collect(self, content: StreamReader, inflater: Inflater | None) -> bytes:
        pieces: list[bytes] = []
        sent = 0
        while chunk := await self._next(content):
            sent += len(chunk)
            if sent > self._max_bytes:
                raise self._too_large()
            if inflater is None:
                pieces.append(self._kept(chunk))
                continue
            for piece in inflater.feed(chunk):
                pieces.append(self._kept(piece))
                if len(piece) == PIECE_BYTES:
                    await asyncio.sleep(0)  # a large body must not hold up the small ones
        if inflater is not None:
            inflater.finish()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _next(self, content: StreamReader) -> bytes:
        try:
            return await content.readany()
        except (web.RequestPayloadError, ConnectionError) as error:
            raise _cut_short() from error
        except RuntimeError as error:
            if self._request.transport is None:  # so aiohttp says that the sender has gone
                raise _cut_short() from error
            raise

    def _kept(self, data: bytes) -> bytes:
        if self._size + len(data) > self._max_bytes:
            raise self._too_large()
        self._budget.take(len(data))
        self._size += len(data)
        return data

    def _too_large(self) -> HttpRefused:
        limit = self._max_bytes
        return HttpRefused(
            f"the body is larger than {limit} bytes",
            "body_too_large",
            status=413,
            extra={"limit_bytes": limit},
        )


def require_json(request: web.Request) -> None:
    """Refuse another Content-Type than JSON in UTF-8 with 415, in Alertmanager's words."""
    kind = request.content_type
    is_json = kind == "application/json" or (kind[:12] == "application/" and kind[-5:] == "+json")
    if is_json and (request.charset or "utf-8").lower() in ("utf-8", "utf8", "us-ascii"):
        return
    given = request.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")
    raise HttpRefused(
        f'unsupported media type "{given}", only [application/json] are allowed',
        "unsupported_media_type",
        status=415,
    )


async def defer_continue(request: web.Request) -> None:
    """The `expect_handler` of every route: `100 Continue` waits until the body is wanted."""


async def _say_continue(request: web.Request) -> None:
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # aiohttp's sign that the real answer has not begun


def _cut_short() -> HttpRefused:
    return HttpRefused("the body ended too early or is malformed", "body_incomplete")
