"""Every endpoint for every role of two tenants: what may not be seen is not found, what may not be
done is refused, and what may not be told is not told.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from gateway.access.permission import Permission, Role
from gateway.storage.postgres.kernel.connect import WORKERS, connect
from gateway.web.http.endpoint import AnyEndpoint
from tests.web.crawl import (
    CANARY,
    INTERNAL,
    SAME_FOR_ALL,
    UNKNOWN,
    Planted,
    endpoints,
    everything_in,
    heard,
    parts_of,
    planted,
)

ROLES = (Role.SENDER, Role.REQUESTER, Role.AUDITOR, Role.OPERATOR, Role.ADMIN)
MAY = {
    Role.NOBODY: {"description.read", "tokens.own"},
    Role.SENDER: {"intake"},
    Role.REQUESTER: {
        "description.read", "tokens.own", "tickets.read", "tickets.create", "tickets.edit",
        "tickets.step", "tickets.watch", "comments.read", "comments.write",
    },
    Role.AUDITOR: {
        "description.read", "tokens.own", "metrics.read", "alerts.read", "silences.read",
        "tickets.read", "comments.read", "declarations.read", "audit.read", "dead_letters.read",
    },
    Role.OPERATOR: {
        "description.read", "tokens.own", "metrics.read", "alerts.read", "alerts.triage",
        "silences.read", "silences.write", "tickets.read", "tickets.create", "tickets.edit",
        "tickets.assign", "tickets.step", "tickets.escalate", "tickets.link", "tickets.watch",
        "comments.read", "comments.write", "declarations.read", "audit.read",
        "dead_letters.read", "dead_letters.replay",
    },
}  # fmt: skip
"""The table of roles, said once more; an administrator may do everything."""


@asynccontextmanager
async def neither(world: Planted) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def row_level_security(world: Planted) -> AsyncIterator[None]:
    run = world.one.callers.connection
    tables = await run.fetch("SELECT relname FROM pg_class WHERE relrowsecurity")
    for (table,) in tables:
        await run.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    yield


@asynccontextmanager
async def tenants_in_queries(world: Planted) -> AsyncIterator[None]:
    """Every query for one tenant's rows asks for those of all."""
    forgotten = 0

    def forget(*arguments: Any) -> tuple[str, Any]:
        nonlocal forgotten
        statement, parameters = arguments[2:4]
        statement, count = TENANT.subn(r"\1 IS NOT NULL", statement)
        forgotten += count
        return statement, parameters

    event.listen(Engine, "before_cursor_execute", forget, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", forget)
    assert forgotten, "a law is tried here"


TENANT = re.compile(r"(?:\w+\.)?tenant_id = (\$\d+::INTEGER)")
WITHOUT: Mapping[str, Callable[[Planted], AbstractAsyncContextManager[None]]] = {
    "neither": neither,
    "row-level security": row_level_security,
    "tenants in queries": tenants_in_queries,
}
"""Each of the two isolates alone."""

EMPTY = {"listTickets", "listAlerts", "listSilences", "listDeadLetters"}
"""Lists of which a new tenant has nothing."""


def may(role: Role, endpoint: AnyEndpoint) -> bool:
    return role is Role.ADMIN or str(endpoint.permission) in MAY[role]


def test_the_crawl_has_one_of_everything_that_stands_in_a_path() -> None:
    """Else tell `planted` and `UNKNOWN` of it."""
    found = {one.component for endpoint in endpoints() for one in parts_of(endpoint)}
    assert found == UNKNOWN.keys()


async def test_what_the_crawl_names_is_planted(database: str, tmp_path: Path) -> None:
    async with planted(database, tmp_path) as world:
        places = world.places
        assert places.keys() == UNKNOWN.keys()
        assert {key for key in places if places[key] == UNKNOWN[key]} == SAME_FOR_ALL
        for endpoint in endpoints():
            if endpoint.method == "GET" or endpoint.name in ("unlinkTicket", "removeReference"):
                answer = await heard(world.admin, endpoint, places)
                assert answer.status in (200, 204), (endpoint.name, answer)


async def test_every_route_refuses_each_role_what_it_does_not_hold(
    database: str, tmp_path: Path
) -> None:
    async with planted(database, tmp_path) as world:
        for role in (*ROLES, Role.NOBODY):
            granted = () if role is Role.NOBODY else (role,)
            bearer = await world.one.of(f"of-{role}", *granted)
            for endpoint in endpoints():
                answer = await heard(bearer, endpoint, UNKNOWN)
                refused = answer.status == 403 and '"missing_permission"' in answer.body
                assert refused is not may(role, endpoint), (role, endpoint.name, answer)


@pytest.mark.parametrize("without", WITHOUT)
async def test_what_is_another_tenants_is_answered_like_what_is_not_there(
    database: str, tmp_path: Path, without: str
) -> None:
    async with planted(database, tmp_path) as world, WITHOUT[without](world):
        for role in ROLES:
            bearer = await world.one.of(f"of-{role}", role, tenant=2)
            for endpoint in endpoints():
                if not parts_of(endpoint):
                    continue
                theirs = await heard(bearer, endpoint, world.places)
                nobodys = await heard(bearer, endpoint, UNKNOWN)
                assert theirs == nobodys, (role, endpoint.name)
                if role is Role.ADMIN and endpoint.permission is Permission.SETTINGS_WRITE:
                    continue  # under each name a tenant may declare its own
                assert theirs.status in ((403, 404) if role is not Role.ADMIN else (404,))


@pytest.mark.parametrize("without", WITHOUT)
async def test_lists_of_another_tenant_hold_nothing(
    database: str, tmp_path: Path, without: str
) -> None:
    async with planted(database, tmp_path) as world, WITHOUT[without](world):
        bearer = await world.one.of("bert", Role.ADMIN, tenant=2)
        before = await everything_in(world.one.callers.connection)
        planted_there = {one for key, one in world.places.items() if one != UNKNOWN[key]}
        for endpoint in endpoints():
            if endpoint.method == "GET" and "{" not in endpoint.path:
                answer = await heard(bearer, endpoint, UNKNOWN)
                assert not any(one in answer.body for one in (*planted_there, CANARY))
                if endpoint.name in ("listUsers", "listTokens"):
                    assert len(json.loads(answer.body)["items"]) == 1, "their own"
                if endpoint.name in EMPTY:
                    assert answer.body == '{"items":[],"next":null}', endpoint.name
        assert await everything_in(world.one.callers.connection) == before


async def test_no_table_shows_another_tenants_rows_even_without_a_where_clause(
    database: str, tmp_path: Path
) -> None:
    async with planted(database, tmp_path) as world:
        filled = await everything_in(world.one.callers.connection)
    connection = await connect(database, purpose=WORKERS)
    try:
        for tenant in ("1", "2", ""):
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.tenant', $1, true)", tenant)
                for table in (
                    one for one, (count, _) in filled.items() if count and one != "tenants"
                ):
                    query = f"SELECT DISTINCT tenant_id::text FROM {table}"
                    seen = {row[0] for row in await connection.fetch(query)}
                    assert seen <= {tenant}, (tenant, table)
                    assert seen or tenant != "1", table
    finally:
        await connection.close()


async def test_an_auditor_changes_nothing(database: str, tmp_path: Path) -> None:
    async with planted(database, tmp_path) as world:
        auditor = await world.one.of("audra", Role.AUDITOR)
        before = await everything_in(world.one.callers.connection)
        for endpoint in endpoints():
            answer = await heard(auditor, endpoint, world.places)
            assert answer.status in (200, 403, 404), (endpoint.name, answer)
        assert await everything_in(world.one.callers.connection) == before


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.REQUESTER])
async def test_an_internal_comment_reaches_no_requester_and_no_auditor(
    database: str, tmp_path: Path, role: Role
) -> None:
    async with planted(database, tmp_path) as world:
        reader = await world.one.of("rita", role)
        await world.one.callers.connection.execute("UPDATE tickets SET requester = 'u_rita'")
        told = ""
        for endpoint in endpoints():
            if endpoint.method == "GET":
                told += (await heard(reader, endpoint, world.places)).body
        assert "for all" in told
        assert world.ticket["title"] in told
        assert CANARY not in told.replace(f"u_{CANARY}", "")


async def test_an_auditor_knows_that_there_is_an_internal_comment_and_a_requester_does_not(
    database: str, tmp_path: Path
) -> None:
    async with planted(database, tmp_path) as world:
        auditor = await world.one.of("audra", Role.AUDITOR)
        requester = await world.one.of("rita", Role.REQUESTER)
        await world.one.callers.connection.execute("UPDATE tickets SET requester = 'u_rita'")
        path = f"/api/v1/tickets/{world.ticket['id']}/comments"
        whole = (await world.admin.ask("GET", path))["items"]
        redacted = (await auditor.ask("GET", path))["items"]
        assert redacted[0] == whole[0]
        internal = {key: whole[1][key] for key in ("id", "at", "visibility")}
        assert redacted[1] == {**internal, "redacted": True}
        place = f"{path}/{internal['id']}"
        assert await auditor.ask("GET", place) == {**internal, "redacted": True}
        assert (await requester.ask("GET", path))["items"] == [whole[0]]
        for method, body in (("GET", None), ("PATCH", {"body": "x"}), ("DELETE", None)):
            await requester.ask(method, place, body, status=404)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.REQUESTER])
async def test_an_internal_field_reaches_no_requester_and_no_auditor(
    database: str, tmp_path: Path, role: Role
) -> None:
    """Its values are planted with the canary; who works on the ticket reads them."""
    async with planted(database, tmp_path) as world:
        reader = await world.one.of("rita", role)
        await world.one.callers.connection.execute("UPDATE tickets SET requester = 'u_rita'")
        path = f"/api/v1/tickets/{world.ticket['id']}"
        for bearer, whole in ((reader, False), (world.admin, True)):
            detail = await bearer.ask("GET", path)
            listed = await bearer.tickets()
            told = [detail, listed, await bearer.ask("GET", f"{path}/history")]
            if role is Role.AUDITOR:
                told.append(await bearer.ask("GET", "/api/v1/audit"))
            assert [CANARY in str(one).replace(f"u_{CANARY}", "") for one in told] == (
                [whole] * len(told)
            )
        entries = (await reader.ask("GET", f"{path}/history"))["items"]
        of_field = [one for one in entries if one["field"] == f"custom.{INTERNAL}"]
        assert len(of_field) == (2 if role is Role.AUDITOR else 0)
        assert all(one["redacted"] and one["to"] is one["from"] is None for one in of_field)


async def test_another_requesters_ticket_is_answered_like_one_that_is_not_there(
    database: str, tmp_path: Path
) -> None:
    async with planted(database, tmp_path) as world:
        requester = await world.one.of("rita", Role.REQUESTER)
        names = {**world.places, "TicketId": str(world.ticket["number"])}
        for endpoint in endpoints():
            if any(one.component == "TicketId" for one in endpoint.asks):
                nobodys = await heard(requester, endpoint, UNKNOWN)
                assert await heard(requester, endpoint, world.places) == nobodys, endpoint.name
                by_number = await heard(requester, endpoint, names)
                assert by_number.status == nobodys.status
                assert world.places["TicketId"] not in by_number.body
        assert await requester.tickets() == []
        assert await requester.tickets(f"?q=%23{world.ticket['number']}") == []
