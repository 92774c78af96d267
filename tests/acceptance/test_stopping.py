"""A gateway that is asked to stop answers what it has begun and leaves nothing undone."""

import asyncio
import socket
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from gateway.storage.embedded import private_postgres
from tests.acceptance.harness import Gateway, installed
from tests.acceptance.load import Load, check, ledger, seal_of
from tests.programs import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.acceptance

BODY = b'[{"labels": {"alertname": "Slow"}}]'


@pytest.fixture
def gateway(directory: Path) -> Iterator[Gateway]:
    own = Path(tempfile.mkdtemp(dir=directory))
    own.chmod(0o711)
    with installed(own) as one:
        one.start()
        yield one


@pytest.mark.parametrize("ask", ["SIGTERM", "Ctrl-C"])
async def test_a_stop_under_load_leaves_everything_answered_in_the_ledger(
    gateway: Gateway, ask: str
) -> None:
    stop = gateway.interrupt if ask == "Ctrl-C" else gateway.program.stop
    load = Load(gateway.url)
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        await eventually(load.more(150))
        slow = await asyncio.to_thread(begun_request, gateway)
        status = group.create_task(asyncio.to_thread(stop))
        await eventually(refuses_connections(gateway))
        answer = await asyncio.to_thread(finished_request, slow)
        assert await status == 0
        load.stopping = True
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer.lower()
    assert load.refused == []
    assert gateway.program.output().endswith("Stopped.\n")
    assert not gateway.postgres_runs
    async with private_postgres(gateway.data_dir, progress=print) as database:
        held = await ledger(database)
    assert held.pop("alertname=Slow") == 1
    check(load, held)
    unanswered = [one.name for one in load.requests if one.status is None]
    assert [name for name in unanswered if held[seal_of(name)]] == [], "begun, but not answered"
    words = (gateway.data_dir / "postgres" / "postgres.log").read_text("utf-8")
    assert "was not properly shut down" not in words, "PostgreSQL was given its time"


def begun_request(gateway: Gateway) -> socket.socket:
    """Half a request, the other half of which comes when the gateway is stopping already. That it
    has been begun is known once the gateway asks for the rest.
    """
    host, _, port = gateway.target.partition(":")
    connection = socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)
    head = (
        f"POST /api/v2/alerts HTTP/1.1\r\nHost: {gateway.target}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    connection.sendall(head.encode())
    go_on = connection.recv(65536)
    assert go_on == b"HTTP/1.1 100 Continue\r\n\r\n", go_on
    connection.sendall(BODY[:10])
    return connection


def finished_request(connection: socket.socket) -> bytes:
    """The answer, read to its end."""
    with connection:
        connection.sendall(BODY[10:])
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def refuses_connections(gateway: Gateway) -> Callable[[], Awaitable[bool]]:
    host, _, port = gateway.target.partition(":")

    async def look() -> bool:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except ConnectionRefusedError:
            return True
        writer.close()
        return False

    return look
