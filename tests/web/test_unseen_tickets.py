"""Tickets that somebody does not see are not told of by those that they see."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.client import Json
from tests.web.gated import Bearer, Gated, gated

ROUTE = "/api/v1/tickets"
Pair = tuple[Bearer, Bearer, Json, Json]


@pytest.fixture
async def one(database: str, tmp_path: Path) -> AsyncIterator[Gated]:
    async with gated(database, tmp_path) as one:
        yield one


@pytest.fixture
async def pair(one: Gated) -> Pair:
    """An admin and an operator; a ticket of all, and one of a project that its members see."""
    await one.callers.project("SEC", "members")
    admin, olga = await one.of("ada", "admin"), await one.of("olga", "operator")
    plain = await admin.ask("POST", ROUTE, {"title": "plain"}, status=201)
    secret = await admin.ask("POST", ROUTE, {"title": "secret", "project": "SEC"}, status=201)
    await olga.ask("GET", f"{ROUTE}/{secret['id']}", status=404)
    return admin, olga, plain, secret


async def link(by: Bearer, kind: str, ticket: Json, other: Json, status: int = 201) -> Json:
    form = {"kind": kind, "ticket": other["id"]}
    answer: Json = await by.ask("POST", f"{ROUTE}/{ticket['id']}/links", form, status=status)
    return answer


async def everything_told(by: Bearer, ticket: Json) -> str:
    paths = ("", "/history", "/links", "/alerts", "/comments", "/refs", "/watchers")
    told = [await by.ask("GET", f"{ROUTE}/{ticket['id']}{path}") for path in paths]
    return str([*told, await by.tickets(), await by.ask("GET", "/api/v1/audit")])


@pytest.mark.parametrize("kind", ["duplicates", "parent", "blocks", "relates"])
async def test_a_link_to_a_ticket_that_is_not_seen_is_told_of_nowhere(
    pair: Pair, kind: str
) -> None:
    admin, olga, plain, secret = pair
    await link(admin, kind, plain, secret)
    assert secret["id"] in await everything_told(admin, plain)
    told = await everything_told(olga, plain)
    assert plain["id"] in told
    assert secret["id"] not in told
    entries = (await olga.ask("GET", f"{ROUTE}/{plain['id']}/history"))["items"]
    assert entries[0]["to"] == f"{kind}:…", "that there is something stays"


async def test_the_ticket_before_is_not_named_to_who_does_not_see_it(
    one: Gated, pair: Pair
) -> None:
    _, olga, plain, secret = pair
    await one.callers.connection.execute(
        "UPDATE tickets SET follows = $1 WHERE id = $2", secret["id"], plain["id"]
    )
    assert secret["id"] not in await everything_told(olga, plain)


async def test_a_refusal_does_not_name_a_ticket_that_is_not_seen(pair: Pair) -> None:
    admin, olga, plain, secret = pair
    other = await admin.ask("POST", ROUTE, {"title": "other"}, status=201)
    await link(admin, "duplicates", plain, secret)
    await link(admin, "parent", secret, other)
    third = await admin.ask("POST", ROUTE, {"title": "third"}, status=201)
    for kind, ticket, against, code in (
        ("duplicates", plain, other, "already_duplicate"),
        ("duplicates", other, plain, "original_is_duplicate"),
        ("parent", third, other, "has_parent"),
    ):
        known = await link(admin, kind, ticket, against, status=409)
        assert (known["code"], known["ticket_id"]) == (code, secret["id"])
        answer = await link(olga, kind, ticket, against, status=409)
        assert answer["code"] == code
        assert "ticket_id" not in answer
        assert secret["id"] not in answer["detail"]
