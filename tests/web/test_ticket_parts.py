"""A ticket of any size over HTTP: what hangs on it is read a page at a time."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import asyncpg
import msgspec
import pytest
from aiohttp import ClientSession

from gateway.app.lifecycle import open_gateway
from gateway.config import load
from tests.large import RULE, large_ticket
from tests.web.client import Client, Json

MANY = 40_000
"""More than the 32,767 parameters that a statement may have."""
SMALL_BYTES = 100_000


@asynccontextmanager
async def serving(database: str, directory: Path) -> AsyncIterator[Client]:
    config = directory / "gateway.toml"
    config.write_text('http.listen = "127.0.0.1:0"\n')
    async with open_gateway(load(config), database, may_migrate=False) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}") as session:
            yield Client(session)


async def every_item(client: Client, path: str, limit: int) -> list[Json]:
    """All pages one after the other; none may be longer than asked, none but the last shorter."""
    items: list[Json] = []
    page = await client.ask("GET", f"{path}?limit={limit}")
    while page["next"] is not None:
        assert len(page["items"]) == limit
        items += page["items"]
        page = await client.ask("GET", f"{path}?limit={limit}&cursor={page['next']}")
    return items + page["items"]


def is_small(client: Client) -> bool:
    return int(client.headers["Content-Length"]) < SMALL_BYTES


async def test_a_ticket_of_40000_alerts_is_read_changed_and_moved_in_small_answers(
    database: str, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    path = f"/api/v1/tickets/{await large_ticket(database, MANY)}"
    before = await owner.fetchval("SELECT max(version) FROM strands")
    async with serving(database, tmp_path) as client:
        detail = await client.ask("GET", path)
        assert (detail["alerts_count"], detail["history_count"]) == (MANY, MANY)
        assert (len(detail["alerts"]), len(detail["history"])) == (50, 50)
        assert is_small(client)
        await client.ask("GET", "/api/v1/tickets")
        edited = await client.ask("PATCH", path, {"assignee": "bob"})
        assert (edited["assignee"], edited["history_count"]) == ("bob", MANY + 1)
        assert edited["history"][-1]["to"] == "bob"
        assert is_small(client)
        moved = await client.ask("POST", f"{path}/transitions", {"to": "in_progress"})
        assert (moved["status"], moved["still_firing"]) == ("in_progress", MANY)
        assert {one["triage"] for one in moved["alerts"]} == {"acknowledged"}
        assert await owner.fetchval(_UNTOUCHED, before) == MANY, "it is read from the ticket"
        assert is_small(client)
        for part in ("alerts", "history"):
            page = await client.ask("GET", f"{path}/{part}")
            assert (len(page["items"]), page["next"]) == (50, moved[f"{part}_next"])
            assert is_small(client)
        resolved = await client.ask("PATCH", path, {"status": "resolved"})
        assert (resolved["status"], resolved["still_firing"]) == ("resolved", MANY)
    quiet = datetime.fromisoformat(resolved["resolved_at"]) + RULE.window
    assert await owner.fetchval(_QUIETED, quiet, before) == MANY


_UNTOUCHED = "SELECT count(*) FROM alerts WHERE version <= $1 AND quiet_until IS NULL"
_QUIETED = """
SELECT count(*) FROM alerts JOIN strands USING (tenant_id, fingerprint)
WHERE quiet_until = $1 AND alerts.version > $2 AND strands.version > $2
"""


@pytest.mark.parametrize("limit", [7, 50, 100])
async def test_all_pages_together_show_each_alert_and_each_entry_once(
    database: str, tmp_path: Path, limit: int
) -> None:
    path = f"/api/v1/tickets/{await large_ticket(database, 100)}"
    async with serving(database, tmp_path) as client:
        alerts = await every_item(client, f"{path}/alerts", limit)
        assert len({one["fingerprint"] for one in alerts}) == len(alerts) == 100
        assert alerts[-1]["labels"]["instance"] == "1", "who joined first comes last"
        history = await every_item(client, f"{path}/history", limit)
        assert [one["to"] for one in history] == [str(n) for n in range(100, 1, -1)] + ["open"]


async def test_the_detail_begins_both_lists_and_its_cursors_go_on_in_them(
    database: str, tmp_path: Path
) -> None:
    path = f"/api/v1/tickets/{await large_ticket(database, 120)}"
    async with serving(database, tmp_path) as client:
        detail = await client.ask("GET", path)
        alerts = await every_item(client, f"{path}/alerts", 50)
        history = await every_item(client, f"{path}/history", 50)
        assert detail["alerts"] == alerts[:50]
        assert detail["history"] == history[49::-1], "in the order in which it happened"
        for part, whole in (("alerts", alerts), ("history", history)):
            more = await client.ask("GET", f"{path}/{part}?cursor={detail[f'{part}_next']}")
            assert more["items"] == whole[50:100]


async def test_what_fits_on_one_page_has_no_next(database: str, tmp_path: Path) -> None:
    path = f"/api/v1/tickets/{await large_ticket(database, 50)}"
    async with serving(database, tmp_path) as client:
        detail = await client.ask("GET", path)
        assert (detail["alerts_next"], detail["history_next"]) == (None, None)
        assert (len(detail["alerts"]), len(detail["history"])) == (50, 50)


async def test_alerts_that_join_between_two_pages_neither_repeat_nor_hide_others(
    database: str, tmp_path: Path
) -> None:
    ticket = await large_ticket(database, 20)
    path = f"/api/v1/tickets/{ticket}/alerts?limit=10"
    async with serving(database, tmp_path) as client:
        first = await client.ask("GET", path)
        await client.fire("Late")
        (late,) = (await client.ask("GET", '/api/v1/alerts?matchers={alertname="Late"}'))["items"]
        await client.ask("POST", f"/api/v1/alerts/{late['fingerprint']}/ticket")
        rest = await client.ask("GET", f"{path}&cursor={first['next']}")
        shown = [one["fingerprint"] for one in first["items"] + rest["items"]]
        assert len(set(shown)) == len(shown) == 20


async def test_an_alert_that_went_to_another_ticket_stays_in_the_list_of_the_first(
    database: str, tmp_path: Path
) -> None:
    async with serving(database, tmp_path) as client:
        await client.fire("CPU")
        first = await client.ticket_of("CPU")
        path = f"/api/v1/tickets/{first['id']}"
        await client.ask("PATCH", path, {"status": "cancelled", "comment": "no"})
        end = {"labels": {"alertname": "CPU"}, "status": "resolved"}
        await client.ask("POST", "/api/v1/intake/custom", end)
        await client.fire("CPU")
        (alert,) = (await client.ask("GET", f"{path}/alerts"))["items"]
        assert alert["ticket_id"] not in (None, first["id"])


@pytest.mark.parametrize("part", ["alerts", "history"])
async def test_the_cursor_of_one_ticket_is_refused_by_another(
    database: str, tmp_path: Path, part: str
) -> None:
    path = f"/api/v1/tickets/{await large_ticket(database, 2)}"
    async with serving(database, tmp_path) as client:
        await client.fire("Other")
        other = f"/api/v1/tickets/{(await client.ticket_of('Other'))['id']}"
        cursor = (await client.ask("GET", f"{path}/{part}?limit=1"))["next"]
        problem = await client.ask("GET", f"{other}/{part}?cursor={cursor}", status=400)
        assert problem["code"] == "bad_cursor"
        assert (await client.ask("GET", f"{path}/{part}/?cursor={cursor}"))["items"]


@pytest.mark.parametrize(
    ("part", "position"),
    [
        ("alerts", ["2026-01-01T00:00:00Z", "0" * 32 + "\n"]),
        ("alerts", ["2026-01-01T00:00:00", "0" * 32]),
        ("alerts", ["0001-01-01T00:00:00+23:00", "0" * 32]),
        ("history", [0]),
        ("history", [2**63]),
        ("history", ["1"]),
    ],
)
async def test_a_cursor_that_nobody_gave_is_refused(
    database: str, tmp_path: Path, part: str, position: list[object]
) -> None:
    path = f"/api/v1/tickets/{await large_ticket(database, 2)}/{part}"
    async with serving(database, tmp_path) as client:
        given = (await client.ask("GET", f"{path}?limit=1"))["next"]
        bound_to, _ = msgspec.json.decode(base64.urlsafe_b64decode(given + "=="))
        forged = base64.urlsafe_b64encode(msgspec.json.encode([bound_to, position])).decode()
        problem = await client.ask("GET", path, params={"cursor": forged}, status=400)
        assert problem["code"] == "bad_cursor"


@pytest.mark.parametrize("part", ["alerts", "history"])
async def test_there_is_no_list_of_a_ticket_that_is_not_there(
    database: str, tmp_path: Path, part: str
) -> None:
    async with serving(database, tmp_path) as client:
        for ticket in ("tk_none", "tk_" + "0" * 26):
            problem = await client.ask("GET", f"/api/v1/tickets/{ticket}/{part}", status=404)
            assert problem["code"] == "not_found"
        await client.fire("CPU")
        path = f"/api/v1/tickets/{(await client.ticket_of('CPU'))['id']}/{part}"
        await client.ask("GET", f"{path}?status=open", status=400)
        await client.ask("GET", f"{path}?limit=501", status=400)
