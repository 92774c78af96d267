"""Bodies: bounded in size, time and memory, whatever the sender does."""

import gzip
import hashlib
import os
import zlib
from datetime import timedelta

import pytest

from gateway.web.http.body import ByteBudget

JSON = "application/json"
MIB = 1024 * 1024


async def send_chunks(connection, chunks, path="/api/v1/measure", extra=b"") -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n".encode()
    await connection.send(head + extra + b"\r\n")
    for chunk in chunks:
        await connection.send(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")


async def test_a_body_arrives_whole(site):
    answer = await site.request("POST", "/api/v1/measure", b"x" * 100_000)
    assert answer.json()["size"] == 100_000


async def test_no_body_is_an_empty_body(site):
    answer = await site.request("POST", "/api/v1/measure")
    assert answer.json()["size"] == 0


async def test_chunks_are_joined(site):
    async with site.connect() as connection:
        await send_chunks(connection, [b"hello ", b"world", b""])
        assert (await connection.answer()).json()["text"] == "hello world"


async def test_a_body_of_exactly_the_limit_is_taken(start_site):
    site = await start_site(max_body_bytes=1000)
    assert (await site.request("POST", "/api/v1/measure", b"x" * 1000)).status == 200


async def test_a_declared_length_beyond_the_limit_is_refused_before_a_byte_is_read(start_site):
    site = await start_site(max_body_bytes=1000)
    async with site.connect() as connection:
        await connection.send(
            b"POST /api/v1/measure HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n"
        )
        answer = await connection.answer()
        assert answer.status == 413
        assert answer.problem["limit_bytes"] == 1000
        assert answer.headers["connection"] == "close"
        assert await connection.closed()


async def test_chunks_beyond_the_limit_are_refused_while_reading(start_site):
    site = await start_site(max_body_bytes=1000)
    async with site.connect() as connection:
        await send_chunks(connection, [b"x" * 600, b"x" * 600])
        answer = await connection.answer()
        assert (answer.status, answer.problem["code"]) == (413, "body_too_large")


async def test_a_body_that_drips_is_refused_in_time_and_the_connection_closed(start_site):
    site = await start_site(body_timeout=timedelta(milliseconds=100))
    async with site.connect() as connection:
        await connection.send(
            b"POST /api/v1/measure HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nx"
        )
        answer = await connection.answer()
        assert (answer.status, answer.problem["code"]) == (408, "body_timeout")
        assert answer.headers["connection"] == "close"
        assert await connection.closed()
    assert site.handlers.bodies.bytes_in_flight == 0


async def test_a_sender_that_leaves_in_the_middle_costs_nothing(site, caplog):
    async with site.connect() as connection:
        await send_chunks(connection, [b"x" * 1000], "/api/v1/hold")
    answer = await site.request("POST", "/api/v1/measure", b"still here")
    assert answer.status == 200
    await site.server.stop()
    assert site.server.in_flight == 0
    assert site.handlers.bodies.bytes_in_flight == 0
    assert caplog.records == []


async def test_a_broken_chunk_is_a_bad_request(site):
    async with site.connect() as connection:
        await send_chunks(connection, [b"abc"])
        await connection.send(b"not-a-length\r\n")
        assert (await connection.answer()).status == 400
        assert await connection.closed()


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("gzip", lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
        ("identity", bytes),
        ("gzip, identity", gzip.compress),
    ],
    ids=["gzip", "x-gzip", "upper", "zlib", "raw-deflate", "two-members", "identity", "mixed"],
)
@pytest.mark.parametrize("size", [0, 1, 20, 3 * MIB + 7])
async def test_compressed_bodies_are_decoded(site, encoding, compress, size):
    plain = os.urandom(size)
    answer = await site.request(
        "POST", "/api/v1/measure", compress(plain), Content_Encoding=encoding
    )
    assert answer.status == 200, answer
    assert answer.json()["size"] == size
    assert answer.json()["text"] == plain[:64].decode("utf-8", "replace")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed_bodies_may_come_in_chunks_of_any_size(site, encoding):
    plain = hashlib.sha512(b"seed").digest() * 50
    packed = gzip.compress(plain) if encoding == "gzip" else zlib.compress(plain)
    async with site.connect() as connection:
        chunks = [packed[i : i + 1] for i in range(len(packed))]
        header = f"Content-Encoding: {encoding}\r\n".encode()
        await send_chunks(connection, [*chunks, b""], extra=header)
        assert (await connection.answer()).json()["size"] == len(plain)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"this is not gzip"),
        ("gzip", gzip.compress(b"x" * 1000)[:-9]),
        ("gzip", gzip.compress(b"x" * 1000)[:-8] + b"12345678"),
        ("gzip", gzip.compress(b"x") + b"tail"),
        ("gzip", gzip.compress(b"x") * 65),
        ("deflate", b"\x78\x9cjunk"),
        ("deflate", zlib.compress(b"x" * 1000)[:-5]),
        ("deflate", zlib.compress(b"x") + b"tail"),
    ],
    ids=[
        "rubbish",
        "cut",
        "checksum",
        "tail",
        "many-members",
        "rubbish-deflate",
        "cut-deflate",
        "tail-deflate",
    ],
)
async def test_corrupt_compression_is_a_bad_request_never_a_crash(site, encoding, body):
    answer = await site.request("POST", "/api/v1/measure", body, Content_Encoding=encoding)
    assert (answer.status, answer.problem["code"]) == (400, "corrupt_encoding")


@pytest.mark.parametrize(
    "encoding", ["br", "zstd", "compress", "gzip, gzip", "deflate,gzip", "\xff"]
)
async def test_unknown_and_nested_encodings_are_refused(site, encoding):
    answer = await site.request("POST", "/api/v1/measure", b"x", Content_Encoding=encoding)
    assert answer.status == 415
    assert answer.headers["accept-encoding"] == "gzip, deflate"
    assert answer.problem["code"] == "unsupported_content_encoding"


async def test_two_encoding_headers_are_a_nested_encoding(site):
    async with site.connect() as connection:
        await connection.send(
            b"POST /api/v1/measure HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
            b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\nx"
        )
        assert (await connection.answer()).status == 415


async def test_a_bomb_is_refused_by_its_size(start_site):
    site = await start_site(max_body_bytes=2 * MIB, max_compression_ratio=10_000)
    bomb = gzip.compress(bytes(3 * MIB))
    answer = await site.request("POST", "/api/v1/measure", bomb, Content_Encoding="gzip")
    assert (answer.status, answer.problem["code"]) == (413, "body_too_large")


async def test_a_bomb_is_refused_by_its_ratio_long_before_its_size(start_site):
    site = await start_site(max_compression_ratio=100)
    bomb = gzip.compress(bytes(16 * MIB))
    answer = await site.request("POST", "/api/v1/measure", bomb, Content_Encoding="gzip")
    assert (answer.status, answer.problem["code"]) == (413, "compression_ratio")


async def test_small_bodies_may_compress_as_well_as_they_like(start_site):
    site = await start_site(max_compression_ratio=2)
    packed = gzip.compress(bytes(MIB))
    answer = await site.request("POST", "/api/v1/measure", packed, Content_Encoding="gzip")
    assert answer.status == 200


async def test_bytes_in_flight_are_counted_until_the_handler_is_done(site):
    answer = await site.request("POST", "/api/v1/measure", b"x" * 5000)
    assert answer.json()["in_flight"] == 5000
    assert site.handlers.bodies.bytes_in_flight == 0


async def test_beyond_the_budget_requests_are_put_off_not_queued(start_site):
    site = await start_site(max_bytes_in_flight=1500)
    async with site.connect() as holding:
        await send_chunks(holding, [b"x" * 1000, b""], "/api/v1/hold")
        await site.handlers.entered.wait()
        refused = await site.request("POST", "/api/v1/measure", b"x" * 501)
        assert refused.status == 503
        assert refused.problem["code"] == "bodies_in_flight"
        assert refused.headers["retry-after"] == "1"
        taken = await site.request("POST", "/api/v1/measure", b"x" * 500)
        assert taken.status == 200
        site.handlers.go_on.set()
        assert (await holding.answer()).status == 200
    assert site.handlers.bodies.bytes_in_flight == 0


def test_a_budget_gives_back_what_was_taken():
    budget = ByteBudget(10)
    budget.take(10)
    budget.give_back(4)
    budget.take(4)
    assert budget.taken == 10


async def test_continue_is_said_only_when_the_body_is_wanted(start_site):
    site = await start_site(max_body_bytes=10)
    head = b"POST /api/v1/measure HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
    async with site.connect() as connection:
        await connection.send(head + b"Content-Length: 11\r\n\r\n")
        assert (await connection.answer()).status == 413
    async with site.connect() as connection:
        await connection.send(head + b"Content-Length: 5\r\n\r\n")
        assert (await connection.answer()).status == 100
        await connection.send(b"hello")
        assert (await connection.answer()).json()["text"] == "hello"


async def test_a_connection_is_kept_after_a_refusal_whose_body_was_read(site):
    async with site.connect() as connection:
        answer = await connection.request("POST", "/api/v1/things", b"not json", Content_Type=JSON)
        assert answer.status == 400
        assert (await connection.request("GET", "/api/v1/who")).status == 200


async def test_a_form_becomes_a_struct(site):
    answer = await site.request(
        "POST", "/api/v1/things", b'{"comment":"x","matchers":[{"name":"a"}]}', Content_Type=JSON
    )
    assert answer.status == 201
    assert answer.json()["matchers"] == [{"name": "a", "value": ""}]
