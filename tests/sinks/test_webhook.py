"""The webhook sink against real servers: what is sent, and what each answer means."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from gateway import __version__
from gateway.outbox.message import Message
from gateway.outbox.sink import Sink, SinkRefused, SinkUnavailable
from gateway.sinks import webhook
from gateway.sinks.webhook import WebhookOptions, WebhookSink, open_session, retry_after_seconds
from tests.programs import PATIENCE_SECONDS

NOW = datetime(2026, 3, 1, 12, 0, 7, 900_000, tzinfo=UTC)
MESSAGE = Message(
    id="ev_01",
    tenant=1,
    sink="hook",
    type="ticket.created",
    subject="tk_01",
    payload={"title": "磁盘满 \u0007", "number": 7, "labels": {"instance": "db-1"}},
    created_at=datetime(2026, 3, 1, 11, 59, 0, tzinfo=UTC),
)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """A real HTTP server; *answer* decides what it says."""

    answer: Answer
    requests: list[tuple[web.Request, bytes]] = field(default_factory=list)
    url: str = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request, await request.read()))
        return await self.answer(request)


async def _ok(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=204)


def answering(status: int, text: str = "", **headers: str) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers=headers)

    return answer


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver(_ok)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.serve)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("/hook"))
        yield receiver


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with open_session() as session:
        yield session


def sink_for(url: str, session: ClientSession) -> WebhookSink:
    return WebhookSink(WebhookOptions(url=url, name="hook"), session, lambda: NOW)


async def failure(
    receiver: Receiver, session: ClientSession, answer: Answer
) -> SinkRefused | SinkUnavailable:
    receiver.answer = answer
    try:
        await sink_for(receiver.url, session).deliver(MESSAGE)
    except (SinkRefused, SinkUnavailable) as error:
        return error
    raise AssertionError("it was delivered")


async def test_a_message_is_one_json_document_with_its_id_and_the_time_of_the_try(
    receiver: Receiver, session: ClientSession
) -> None:
    await sink_for(receiver.url, session).deliver(MESSAGE)
    [(request, body)] = receiver.requests
    assert json.loads(body) == {
        "id": "ev_01",
        "type": "ticket.created",
        "timestamp": "2026-03-01T11:59:00Z",
        "data": MESSAGE.payload,
    }
    assert request.method == "POST"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["webhook-id"] == "ev_01"
    assert request.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert request.headers["User-Agent"] == f"alert-gateway/{__version__}"


async def test_every_try_sends_the_same_bytes(receiver: Receiver, session: ClientSession) -> None:
    sink = sink_for(receiver.url, session)
    await sink.deliver(MESSAGE)
    await sink.deliver(MESSAGE)
    (_, first), (_, second) = receiver.requests
    assert first == second


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_delivered(
    receiver: Receiver, session: ClientSession, status: int
) -> None:
    receiver.answer = answering(status)
    await sink_for(receiver.url, session).deliver(MESSAGE)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 422])
async def test_other_4xx_is_refused_for_good(
    receiver: Receiver, session: ClientSession, status: int
) -> None:
    error = await failure(receiver, session, answering(status, "no such hook"))
    assert isinstance(error, SinkRefused)
    assert str(error) == f"answered {status}: no such hook"


@pytest.mark.parametrize("status", [300, 304, 408, 429, 500, 501, 502, 503, 504, 599])
async def test_what_may_pass_is_tried_again(
    receiver: Receiver, session: ClientSession, status: int
) -> None:
    error = await failure(receiver, session, answering(status))
    assert isinstance(error, SinkUnavailable)
    assert str(error) == f"answered {status}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    receiver: Receiver, session: ClientSession, status: int
) -> None:
    error = await failure(receiver, session, answering(status, Location="/elsewhere"))
    assert isinstance(error, SinkUnavailable)
    assert [request.path for request, _ in receiver.requests] == ["/hook"]


@pytest.mark.parametrize("status", [429, 503])
async def test_the_receivers_wish_to_wait_is_heard(
    receiver: Receiver, session: ClientSession, status: int
) -> None:
    error = await failure(receiver, session, answering(status, **{"Retry-After": "120"}))
    assert isinstance(error, SinkUnavailable)
    assert error.retry_after == 120.0


async def test_other_answers_have_no_say_in_when(
    receiver: Receiver, session: ClientSession
) -> None:
    error = await failure(receiver, session, answering(500, **{"Retry-After": "86400"}))
    assert isinstance(error, SinkUnavailable)
    assert error.retry_after == 0.0


def test_retry_after_is_seconds_or_a_date_and_rubbish_is_none() -> None:
    assert retry_after_seconds("30", NOW) == 30.0
    later = (NOW + timedelta(minutes=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert retry_after_seconds(later, NOW) == pytest.approx(299.1)
    for header in ("", "soon", "-5", "1e9", "99999999999999999999", "inf", "١٢"):
        assert retry_after_seconds(header, NOW) == 0.0
    assert retry_after_seconds("Thu, 01 Jan 1970 00:00:00 GMT", NOW) == 0.0


@given(st.text())
def test_any_retry_after_gives_a_finite_number_of_seconds(header: str) -> None:
    seconds = retry_after_seconds(header, NOW)
    assert 0.0 <= seconds < 1e12


async def test_a_long_answer_is_not_read_to_its_end(
    receiver: Receiver, session: ClientSession
) -> None:
    gone = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        finally:
            gone.set()

    error = await failure(receiver, session, endless)
    assert str(error) == "answered 500: " + "x" * webhook.MAX_ERROR_CHARACTERS
    async with asyncio.timeout(PATIENCE_SECONDS):
        await gone.wait()


async def test_an_error_text_is_printable(receiver: Receiver, session: ClientSession) -> None:
    error = await failure(receiver, session, answering(500, "a\x00b\r\n\x1b[31mc\x9b"))
    assert str(error) == "answered 500: a b [31mc"


async def test_an_answer_that_breaks_off_still_counts_by_its_status(
    receiver: Receiver, session: ClientSession
) -> None:
    async def breaking(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=404, headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    error = await failure(receiver, session, breaking)
    assert isinstance(error, SinkRefused)


async def test_a_receiver_that_says_nothing_is_tried_again(
    receiver: Receiver, session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TOTAL_TIMEOUT_SECONDS", 0.05)
    never = asyncio.Event()

    async def silent(_request: web.Request) -> web.StreamResponse:
        await never.wait()
        raise AssertionError("the client has left")

    error = await failure(receiver, session, silent)
    never.set()
    assert isinstance(error, SinkUnavailable)
    assert "no answer within" in str(error)


async def test_a_closed_port_is_tried_again(session: ClientSession) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SinkUnavailable, match="no connection"):
        await sink_for(f"http://127.0.0.1:{port}/", session).deliver(MESSAGE)


async def test_an_answer_that_is_not_http_is_tried_again(session: ClientSession) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(SinkUnavailable):
            await sink_for(f"http://127.0.0.1:{port}/", session).deliver(MESSAGE)


async def test_no_error_repeats_the_secrets_of_a_url(session: ClientSession) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    url = f"http://anna:pa55word@127.0.0.1:{port}/T0KEN?key=K3Y"
    options = WebhookOptions(url=url)
    with pytest.raises(SinkUnavailable) as caught:
        await WebhookSink(options, session, lambda: NOW).deliver(MESSAGE)
    shown = f"{caught.value} {options!r} {options.name}"
    assert not re.search("anna|pa55word|T0KEN|K3Y", shown)


async def test_the_environments_proxy_is_not_used(
    receiver: Receiver, session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    await sink_for(receiver.url, session).deliver(MESSAGE)
    assert len(receiver.requests) == 1


async def test_the_webhook_is_a_sink(session: ClientSession) -> None:
    sink: Sink = sink_for("http://localhost/", session)
    assert sink.name == "hook"


def test_a_webhook_without_a_name_goes_by_host_and_port() -> None:
    assert WebhookOptions(url="https://hooks.example.org/T0KEN").name == "hooks.example.org"
    assert WebhookOptions(url="http://[::1]:8080/x").name == "::1:8080"


def test_a_webhook_wants_the_events_it_names_or_all() -> None:
    url = "http://localhost/"
    assert WebhookOptions(url=url).wants("ticket.created")
    some = WebhookOptions(url=url, events=("ticket.resolved",))
    assert some.wants("ticket.resolved")
    assert not some.wants("ticket.created")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.org/x",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://host:99999/",
        "http://host:port/",
        "http://[::1/",
        "http://ho st/",
        "http://host/\r\nX: y",
        "http://host/#part",
    ],
)
def test_a_url_that_cannot_work_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|http://|fragment") as caught:
        WebhookOptions(url=url)
    assert not url or url not in str(caught.value)
