"""Links, references and watchers over HTTP."""

from collections.abc import Sequence

import pytest

from tests.web.client import Client, Json

UNKNOWN = "tk_" + "0" * 26


async def open_tickets(client: Client, count: int) -> Sequence[str]:
    """Their ids."""
    forms = [{"title": f"t{number}"} for number in range(count)]
    made = [await client.ask("POST", "/api/v1/tickets", form, status=201) for form in forms]
    return [ticket["id"] for ticket in made]


def path_of(ticket: str) -> str:
    return f"/api/v1/tickets/{ticket}"


async def link(client: Client, kind: str, one: str, other: str, status: int = 201) -> Json:
    form = {"kind": kind, "ticket": other}
    return await client.ask("POST", f"{path_of(one)}/links", form, status=status)


async def linked(client: Client, ticket: str) -> list[tuple[str, str, str]]:
    found = await client.ask("GET", f"{path_of(ticket)}/links")
    return [(one["kind"], one["end"], one["ticket"]) for one in found["items"]]


async def test_a_link_is_shown_from_both_ends(client: Client) -> None:
    one, other = await open_tickets(client, 2)
    made = await link(client, "parent", one, other)
    assert (made["from"], made["to"]) == (one, other)
    await link(client, "parent", one, other, status=200)
    assert await linked(client, one) == [("parent", "to", other)]
    assert await linked(client, other) == [("parent", "from", one)]
    upper = await client.ask("GET", path_of(one))
    lower = await client.ask("GET", path_of(other))
    assert (upper["children"], upper["live_children"], lower["parent"]) == (1, 1, one)
    assert upper["links"][0] == {
        "kind": "parent", "end": "to", "ticket": other, "number": lower["number"],
        "title": "t1", "status": "open",
    }  # fmt: skip
    await client.ask("DELETE", f"{path_of(other)}/links/parent/{one}", status=204)
    assert await linked(client, one) == []


async def test_links_are_listed_in_pages(client: Client) -> None:
    one, *others = await open_tickets(client, 6)
    for other in others[:3]:
        await link(client, "relates", one, other)
    await link(client, "blocks", others[3], one)
    await link(client, "duplicates", others[4], one)
    page = await client.ask("GET", f"{path_of(one)}/links?limit=2")
    rest = await client.ask("GET", f"{path_of(one)}/links?limit=4&cursor={page['next']}")
    shown = [(found["kind"], found["ticket"]) for found in page["items"] + rest["items"]]
    assert shown == [
        ("blocks", others[3]), ("duplicates", others[4]),
        *(("relates", other) for other in others[:3]),
    ]  # fmt: skip
    assert rest["next"] is None


async def test_an_end_that_leaves_live_children_says_so(client: Client) -> None:
    one, *others = await open_tickets(client, 3)
    for other in others:
        await link(client, "parent", one, other)
    await client.ask("PATCH", path_of(others[0]), {"status": "cancelled", "comment": "so"})
    moved = await client.ask("PATCH", path_of(one), {"status": "in_progress"})
    assert "open_children" not in moved
    ended = await client.ask(
        "POST", f"{path_of(one)}/transitions", {"to": "resolved", "comment": "so"}
    )
    assert (ended["open_children"], ended["children"]) == (1, 2)


async def test_a_ticket_that_is_not_there_is_no_end_of_a_link(client: Client) -> None:
    [one] = await open_tickets(client, 1)
    for answer in (
        await link(client, "blocks", one, UNKNOWN, status=404),
        await link(client, "blocks", UNKNOWN, one, status=404),
    ):
        assert answer["detail"] == f"no ticket {UNKNOWN}"
    for place in (f"blocks/{UNKNOWN}", f"wishes/{UNKNOWN}", "blocks/nothing"):
        await client.ask("DELETE", f"{path_of(one)}/links/{place}", status=404)


@pytest.mark.parametrize("kind", ["follows", "review_of", "action_of", "converted_from", "wishes"])
async def test_people_make_no_link_of_other_kinds(client: Client, kind: str) -> None:
    one, other = await open_tickets(client, 2)
    answer = await link(client, kind, one, other, status=400)
    assert answer["errors"][0]["pointer"] == "/kind"


async def test_a_refused_link_names_what_stands_against_it(client: Client) -> None:
    one, other, third = await open_tickets(client, 3)
    await link(client, "duplicates", other, one)
    answer = await link(client, "duplicates", third, other, status=409)
    assert (answer["code"], answer["ticket_id"]) == ("original_is_duplicate", one)
    assert (await client.ask("GET", path_of(other)))["duplicate_of"] == one
    [shown] = [found for found in await client.tickets() if found["id"] == other]
    assert shown["duplicate_of"] == one


async def test_a_reference_is_added_changed_and_removed(client: Client) -> None:
    [one] = await open_tickets(client, 1)
    place = f"{path_of(one)}/refs"
    asset = {"kind": "asset", "reference": " db1 "}
    await client.ask("POST", place, asset, status=201)
    await client.ask("POST", place, {**asset, "url": "https://assets.example/db1"}, status=200)
    found = await client.ask("GET", place)
    assert found["items"] == [
        {"kind": "asset", "reference": "db1", "title": "", "url": "https://assets.example/db1"}
    ]
    await client.ask("DELETE", f"{place}?kind=asset&reference=db1", status=204)
    await client.ask("DELETE", f"{place}?kind=asset&reference=db1", status=404)
    fields = [entry["field"] for entry in (await client.ask("GET", path_of(one)))["history"]]
    assert fields == ["status", *["reference"] * 4]


async def test_tickets_are_found_by_what_they_refer_to(client: Client) -> None:
    one, other, third = await open_tickets(client, 3)
    for ticket, reference in ((one, "db1"), (other, "db1"), (third, "db2")):
        form = {"kind": "asset", "reference": reference}
        await client.ask("POST", f"{path_of(ticket)}/refs", form, status=201)
    for query, expected in (
        ("ref=asset:db1", [other, one]),
        ("ref=asset:db1&ref=asset:db2", [third, other, one]),
        ("ref=service:db1", []),
        ("ref=asset:db1&status=closed", []),
    ):
        assert [found["id"] for found in await client.tickets(f"?{query}")] == expected
    for wrong in ("db1", "wish:db1", "asset:"):
        answer = await client.ask("GET", f"/api/v1/tickets?ref={wrong}", status=400)
        assert answer["errors"][0]["pointer"] == "/ref"


@pytest.mark.parametrize(
    ("form", "pointer"),
    [
        ({"kind": "asset", "reference": "x", "url": "javascript:alert(1)"}, "/url"),
        ({"kind": "asset", "reference": "x", "url": "https://"}, "/url"),
        ({"kind": "asset", "reference": "x", "url": "https://a b"}, "/url"),
        ({"kind": "asset", "reference": "x", "url": "//example"}, "/url"),
        ({"kind": "asset", "reference": " \n"}, "/reference"),
        ({"kind": "url", "reference": "data:text/html,x"}, "/reference"),
        ({"kind": "wish", "reference": "x"}, "/kind"),
    ],
)
async def test_a_reference_opens_web_pages_and_nothing_else(
    client: Client, form: Json, pointer: str
) -> None:
    [one] = await open_tickets(client, 1)
    answer = await client.ask("POST", f"{path_of(one)}/refs", form, status=400)
    assert answer["errors"][0]["pointer"] == pointer


async def test_somebody_watches_a_ticket_and_stops(client: Client) -> None:
    [one] = await open_tickets(client, 1)
    place, anna = f"{path_of(one)}/watchers", {"X-Actor": "anna"}
    for _ in range(2):
        await client.ask("PUT", f"{place}/me", status=204, headers=anna)
    assert (await client.ask("GET", place))["items"] == [{"user": "local:anna"}]
    for _ in range(2):
        await client.ask("DELETE", f"{place}/me", status=204, headers=anna)
    assert (await client.ask("GET", place))["items"] == []
    for user in ("u_" + "0" * 26, "anna"):
        await client.ask("PUT", f"{place}/{user}", status=404)
