"""Who may assign can look people up, and learns no more of them than that takes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.gated import Gated, gated

HANDLES, TICKETS = "/api/v1/handles", "/api/v1/tickets"


@pytest.fixture
async def one(database: str, tmp_path: Path) -> AsyncIterator[Gated]:
    async with gated(database, tmp_path) as one:
        yield one


async def test_an_operator_looks_people_up_and_sees_no_address(one: Gated) -> None:
    ada, olga = await one.of("ada", "admin"), await one.of("olga", "operator")
    for handle in ("bob", "berta", "bert", "boris"):
        form = {"handle": handle, "name": handle.title(), "email": f"{handle}@example.com"}
        await ada.ask("POST", "/api/v1/users", form, status=201)
    await ada.ask("PATCH", "/api/v1/users/boris", {"disabled": True})
    await ada.ask("PUT", "/api/v1/groups/sre/members/berta", status=204)
    await one.callers.tenant(2, "two")
    await one.callers.user("bill", tenant=2)
    found = (await olga.ask("GET", HANDLES, params={"q": "@B"}))["items"]
    assert [(item["handle"], item["name"], item["groups"]) for item in found] == [
        ("bert", "Bert", []),
        ("berta", "Berta", ["sre"]),
        ("bob", "Bob", []),
    ]
    assert found[0].keys() == {"id", "handle", "name", "groups"}
    page = await olga.ask("GET", f"{HANDLES}?q=bert&limit=1")
    rest = await olga.ask("GET", f"{HANDLES}?q=bert&limit=1&cursor={page['next']}")
    assert ([item["handle"] for item in rest["items"]], rest["next"]) == (["berta"], None)
    assert (await olga.ask("GET", HANDLES, params={"q": "b%"}))["items"] == []


async def test_a_member_of_a_project_looks_people_up_and_a_viewer_does_not(one: Gated) -> None:
    mia, vera = await one.of("mia", OPS="member"), await one.of("vera", OPS="viewer")
    assert (await mia.ask("GET", f"{HANDLES}?q=nobody"))["items"] == []
    await vera.ask("GET", HANDLES, status=403)


async def test_a_ticket_says_who_its_people_are_to_who_may_assign_it(one: Gated) -> None:
    olga, rita = await one.of("olga", "operator"), await one.of("rita", "requester")
    auditor = await one.of("audra", "auditor")
    ticket = await rita.ask("POST", TICKETS, {"title": "A disk"}, status=201)
    path = f"{TICKETS}/{ticket['id']}"
    gone = await one.callers.user("gone", "operator")
    await olga.ask("PATCH", path, {"assignee": "@gone"})
    shown = await olga.ask("PATCH", path, {"assignee": "me"})
    assert shown["people"] == {"u_gone": "gone", "u_olga": "olga", "u_rita": "rita"}
    erase = "UPDATE users SET erased_at = now() WHERE id = $1"
    await one.callers.connection.execute(erase, gone)
    assert (await olga.ask("GET", path))["people"] == {"u_olga": "olga", "u_rita": "rita"}
    for other in (rita, auditor):
        assert (await other.ask("GET", path))["people"] == {}
