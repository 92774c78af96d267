"""The listener: deadlines, limits, and an end that loses nothing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.web.http.body import BodyReader
from gateway.web.http.gate.authenticate import Guard
from gateway.web.http.gate.gate import Gate
from gateway.web.http.options import ListenAddress, WebOptions, parse_listen
from gateway.web.http.server import create_web_app, run_server

HEAD = b"GET /api/v1/who HTTP/1.1\r\nHost: localhost\r\n"
SOON = timedelta(milliseconds=500)
"""A busy machine may keep us waiting for some tenths of it between two steps."""


async def test_incomplete_headers_are_cut_off(start_site):
    site = await start_site(header_timeout=SOON)
    async with site.connect() as connection:
        await connection.send(HEAD)
        assert await connection.closed()


async def test_headers_that_drip_are_cut_off_all_the_same(start_site):
    site = await start_site(header_timeout=SOON)
    async with site.connect() as connection:
        cut_off = asyncio.ensure_future(connection.closed())
        for byte in HEAD + b"X-Endless: " + b"x" * 5_000:
            if cut_off.done():
                break
            connection.writer.write(bytes([byte]))
            await asyncio.sleep(0.005)
        assert await cut_off


async def test_the_second_request_of_a_connection_has_the_same_deadline(start_site):
    site = await start_site(header_timeout=SOON)
    async with site.connect() as connection:
        assert (await connection.request("GET", "/api/v1/who")).status == 200
        await connection.send(HEAD)
        assert await connection.closed()


async def test_a_connection_that_never_sends_a_byte_gives_its_place_back(start_site):
    site = await start_site(header_timeout=SOON, max_connections=1)
    async with site.connect() as silent:
        assert await silent.closed()
        assert (await site.request("GET", "/api/v1/who")).status == 200


async def test_idle_connections_and_slow_bodies_outlive_the_header_deadline(start_site):
    site = await start_site(header_timeout=SOON)
    loop = asyncio.get_running_loop()
    async with site.connect() as connection:
        await connection.send(HEAD[:20])
        await connection.send(HEAD[20:] + b"\r\n")
        assert (await connection.answer()).status == 200
        deadline = loop.time() + 3 * SOON.total_seconds()
        await connection.send(
            b"POST /api/v1/measure HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n"
        )
        for _ in range(40):
            await connection.send(b"x")
            await asyncio.sleep(SOON.total_seconds() / 12)
        assert loop.time() > deadline
        assert (await connection.answer()).json()["size"] == 40
        assert (await connection.request("GET", "/api/v1/who")).status == 200


async def test_idle_connections_are_closed_after_the_keepalive_timeout(start_site):
    site = await start_site(keepalive_timeout=SOON)
    async with site.connect() as connection:
        assert (await connection.request("GET", "/api/v1/who")).status == 200
        assert await connection.closed()


async def test_go_clients_keep_connections_for_less_time_than_we_do():
    assert WebOptions().keepalive_timeout > timedelta(seconds=300)


async def test_connections_beyond_the_limit_are_closed_and_room_is_found_again(start_site):
    site = await start_site(max_connections=2)
    async with site.connect() as first, site.connect() as second:
        assert (await first.request("GET", "/api/v1/who")).status == 200
        assert (await second.request("GET", "/api/v1/who")).status == 200
        async with site.connect() as third:
            assert await third.closed()
        assert (await first.request("GET", "/api/v1/who")).status == 200
        first.writer.close()
        second.writer.close()
    while True:
        async with site.connect() as again:
            await again.send(HEAD + b"\r\n")
            try:
                assert (await again.answer()).status == 200
                break
            except (asyncio.IncompleteReadError, ConnectionError):
                continue


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"rubbish\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 40 + b"\r\n\r\n",
        HEAD + b"X-Long: " + b"x" * 10_000 + b"\r\n\r\n",
        HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n",
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        HEAD + b"Content-Length: -3\r\n\r\n",
    ],
    ids=["rubbish", "tls", "long", "many", "length-and-chunked", "two-lengths", "negative"],
)
async def test_bad_http_is_a_problem_of_the_sender_and_closes(site, request_bytes, caplog):
    async with site.connect() as connection:
        await connection.send(request_bytes)
        answer = await connection.answer()
        assert answer.status == 400
        assert answer.problem["code"] == "bad_http"
        assert answer.headers["server"] == "alert-gateway"
        assert await connection.closed()
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


async def test_a_path_and_its_twin_with_a_slash_are_the_same(site):
    for path in ("/api/v1/who", "/api/v1/who/"):
        assert (await site.request("GET", path)).status == 200
    answer = await site.request("POST", "/api/v1/intake/x/", b"{}")
    assert answer.status == 200


async def test_pipelined_requests_are_answered_in_order(site):
    async with site.connect() as connection:
        await connection.send((HEAD + b"\r\n") * 3)
        for _ in range(3):
            assert (await connection.answer()).status == 200


async def test_a_request_in_flight_is_answered_before_the_server_stops(start_site):
    site = await start_site()
    async with site.connect() as connection, asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(connection.request("POST", "/api/v1/hold", b"hello"))
        await site.handlers.entered.wait()
        stopping = tasks.create_task(site.server.stop())
        await refused(site)
        assert not stopping.done()
        site.handlers.go_on.set()
        answer = await asking
        await stopping
        assert answer.json() == {"size": 5}
        assert answer.headers["connection"] == "close"
        assert await connection.closed()


async def test_a_body_still_arriving_when_the_stop_begins_is_taken_whole(start_site):
    site = await start_site()
    async with site.connect() as connection, asyncio.TaskGroup() as tasks:
        await connection.send(
            b"POST /api/v1/measure HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello"
        )
        await site.handlers.begun.wait()
        tasks.create_task(site.server.stop())
        await refused(site)
        await connection.send(b"world")
        assert (await connection.answer()).json()["size"] == 10


async def test_a_request_that_never_ends_is_left_after_the_grace(start_site):
    site = await start_site(grace_seconds=0.1)
    async with site.connect() as connection:
        await connection.send(
            b"POST /api/v1/hold HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"
        )
        await site.handlers.entered.wait()
        async with asyncio.timeout(5):
            await site.server.stop()
        assert await connection.closed()


async def test_idle_connections_do_not_delay_the_stop(start_site):
    site = await start_site(grace_seconds=60)
    async with site.connect() as connection:
        await connection.request("GET", "/api/v1/who")
        async with asyncio.timeout(5):
            await site.server.stop()
        assert await connection.closed()


async def test_while_draining_requests_are_answered_and_connections_let_go(site):
    async with site.connect() as connection:
        assert "connection" not in (await connection.request("GET", "/api/v1/who")).headers
        site.server.drain()
        answer = await connection.request("GET", "/api/v1/who")
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert await connection.closed()
    assert (await site.request("GET", "/api/v1/who")).status == 200


async def refused(site) -> None:
    """Waits until new connections are no longer accepted."""
    while True:
        try:
            async with site.connect():
                await asyncio.sleep(0)
        except ConnectionError:
            return


async def test_several_servers_share_a_port_only_if_told_so(start_site):
    first = await start_site(workers=2)
    port = first.server.addresses[0][1]
    second = await start_site(workers=2, listen=ListenAddress("127.0.0.1", port))
    assert second.server.addresses == first.server.addresses
    alone = replace(WebOptions(), listen=ListenAddress("127.0.0.1", port))
    guard = Guard(Gate("", loopback=True), lambda reason, route: None)
    app = create_web_app([], BodyReader(alone), alone, guard)
    with pytest.raises(OSError, match="in use"):
        async with run_server(app, alone, timedelta(seconds=1)):
            pass


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:9096", "127.0.0.1", 9096, True),
        ("127.8.8.8:0", "127.8.8.8", 0, True),
        ("localhost:1", "localhost", 1, True),
        ("[::1]:9096", "::1", 9096, True),
        ("0.0.0.0:80", "0.0.0.0", 80, False),
        ("[::]:80", "::", 80, False),
        (":9096", "", 9096, False),
        ("10.1.2.3:65535", "10.1.2.3", 65535, False),
        ("gateway.example.org:80", "gateway.example.org", 80, False),
    ],
)
def test_an_address_says_whether_only_this_machine_reaches_it(text, host, port, loopback):
    address = parse_listen(text)
    assert (address.host, address.port, address.is_loopback) == (host, port, loopback)
    assert parse_listen(str(address)) == address


@pytest.mark.parametrize("text", ["", "9096", "localhost", "::1:9096", "a:65536", "a:-1", "a:x"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="address"):
        parse_listen(text)
