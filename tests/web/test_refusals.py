"""What is turned away fills no log, at whatever rate it comes, and is counted all the same."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from gateway.app.lifecycle import open_gateway
from gateway.config import load
from gateway.logs import get_logger
from gateway.web.http.refusals import RefusalLog
from tests.logged import logged

NOWHERE = "postgresql:///gateway?host=/nonexistent"
SOON = timedelta(milliseconds=20)
logger = get_logger("tests.refusals")


def told(caplog: pytest.LogCaptureFixture, event: str = "turned away") -> list[tuple[object, ...]]:
    """Reason and count of every line."""
    return [
        (data.get("reason") or data.get("code"), data["count"]) for data in logged(caplog, event)
    ]


async def pause_over() -> None:
    """Timers go off in order: those that were set before have gone off by then."""
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(SOON.total_seconds(), over.set)
    await over.wait()


async def test_the_first_is_told_at_once_and_the_others_together(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = RefusalLog(logger, "turned away", SOON)
    for number in range(4000):
        log.refused({"reason": "a"}, number=number)
    assert told(caplog) == [("a", 1)]
    await pause_over()
    assert told(caplog) == [("a", 1), ("a", 3999)]
    assert logged(caplog, "turned away")[1]["number"] == 3999
    await pause_over()
    log.refused({"reason": "a"})
    assert told(caplog)[2:] == [("a", 1)]


async def test_each_kind_has_its_own_lines(caplog: pytest.LogCaptureFixture) -> None:
    log = RefusalLog(logger, "turned away")
    for reason in "abab":
        log.refused({"reason": reason, "route": "/"}, 5)
    assert told(caplog) == [("a", 5), ("b", 5)]


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[ClientSession]:
    config = tmp_path / "gateway.toml"
    config.write_text('http.listen = "127.0.0.1:0"\n')
    async with open_gateway(load(config), NOWHERE, may_migrate=True) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}") as session:
            yield session


async def test_requests_turned_away_write_a_line_a_kind_and_are_all_counted(
    session: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(30):
        for path, headers in (
            ("/api/v1/tickets", {"Host": "example.org"}),
            ("/api/v1/alerts", {"Host": "example.org"}),
            ("/api/v1/alerts", {"Origin": "http://example.org"}),
        ):
            async with session.get(path, headers=headers) as answer:
                assert answer.status == 403
    event = "a request was turned away"
    assert told(caplog, event) == [("foreign_host", 1)] * 2 + [("foreign_origin", 1)]
    async with session.get("/metrics") as answer:
        assert "gateway_authentication_failures_total 90.0" in await answer.text()


async def test_bodies_that_are_refused_write_a_line_a_reason_and_are_all_counted(
    session: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Content-Type": "application/json"}
    for _ in range(30):
        for body in (b"{", b'"x"', b'[{"labels":{"a":"b"}},7,8]'):
            async with session.post("/api/v1/intake/custom", data=body, headers=headers) as answer:
                assert answer.status == (200 if b"labels" in body else 400)
    assert told(caplog, "a body was refused") == [("not_json", 1), ("shape", 1)]
    assert told(caplog, "alerts were refused and kept as dead letters") == [("shape", 2)]
    async with session.get("/metrics") as answer:
        text = await answer.text()
    assert 'gateway_intake_requests_total{code="400",source="custom"} 60.0' in text
    assert 'gateway_alerts_rejected_total{reason="shape",source="custom"} 60.0' in text
