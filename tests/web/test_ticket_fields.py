"""What people say of a ticket over HTTP, and by what names they find it."""

import asyncio
from urllib.parse import quote

import asyncpg
import pytest

from tests.web.client import Client, Json

ROUTE = "/api/v1/tickets"


async def made(client: Client, **fields: object) -> Json:
    return await client.ask("POST", ROUTE, {"title": "Order disks", **fields}, status=201)


async def edited(client: Client, ticket: Json, **fields: object) -> Json:
    return await client.ask("PATCH", f"{ROUTE}/{ticket['id']}", fields)


async def test_fifty_parallel_creations_give_fifty_numbers_without_a_gap(client: Client) -> None:
    tickets = await asyncio.gather(*(made(client) for _ in range(50)))
    assert sorted(one["number"] for one in tickets) == list(range(1, 51))


async def test_a_moved_ticket_is_found_under_its_old_key(client: Client, database: str) -> None:
    ticket = await made(client, project="OPS")
    assert ticket["key"] == "OPS-1"
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE tickets SET project = 'WEB'")
    await connection.close()
    for name in ("OPS-1", "WEB-1", "1", "#1", ticket["id"]):
        found = await client.ask("GET", f"{ROUTE}/{quote(name, safe='')}")
        assert (found["id"], found["key"]) == (ticket["id"], "WEB-1")


async def test_a_number_or_a_key_stands_wherever_an_id_does(client: Client) -> None:
    ticket = await made(client)
    assert ticket["key"] == "1"
    await client.ask("PATCH", f"{ROUTE}/1", {"assignee": "bob"})
    await client.ask("POST", f"{ROUTE}/OPS-1/comments", {"body": "x"}, status=201)
    moved = await client.ask("POST", f"{ROUTE}/1/transitions", {"to": "IN_PROGRESS"})
    assert (moved["id"], moved["assignee"], moved["status"]) == (ticket["id"], "bob", "in_progress")
    history = await client.ask("GET", f"{ROUTE}/%231/history")
    assert len(history["items"]) == 4
    for name in ("2", "OPS-2", "%232", "x-1", "1" * 19):
        assert (await client.ask("GET", f"{ROUTE}/{name}", status=404))["code"] == "not_found"


async def test_what_a_person_says_makes_the_priority_by_the_matrix(client: Client) -> None:
    plain = await made(client)
    said = {name: plain[name] for name in ("type", "severity", "impact", "urgency", "priority")}
    assert said == {
        "type": "incident", "severity": "medium", "impact": "medium", "urgency": "medium",
        "priority": "medium",
    }  # fmt: skip
    assert (plain["priority_by"], plain["state"], plain["major"]) == ("matrix", "open", False)
    urgent = await made(client, severity="high", impact="high", urgency="medium", type="fault")
    assert (urgent["type"], urgent["priority"], urgent["impact"]) == (
        "incident",
        "critical",
        "high",
    )


async def test_a_pinned_priority_is_written_in_any_spelling_and_given_back_by_null(
    client: Client,
) -> None:
    ticket = await made(client, priority="P0")
    assert (ticket["priority"], ticket["priority_by"]) == ("critical", "person")
    ticket = await edited(client, ticket, severity="low", priority="HIGH")
    assert (ticket["priority"], ticket["priority_by"]) == ("high", "person")
    ticket = await edited(client, ticket, priority=None)
    assert (ticket["priority"], ticket["priority_by"]) == ("low", "matrix")
    assert [one["id"] for one in await client.tickets("?priority=P3&status=OPEN")] == [ticket["id"]]
    problem = await client.ask("PATCH", f"{ROUTE}/1", {"severity": "P0"}, status=400)
    assert problem["errors"][0]["pointer"] == "/severity"


async def test_labels_and_custom_fields_are_merged_and_null_removes_one(client: Client) -> None:
    ticket = await made(
        client, type="change", labels={"team": "db", "old": "1"}, custom={"risk": "low"}
    )
    assert (ticket["labels"], ticket["custom"]) == ({"team": "db", "old": "1"}, {"risk": "low"})
    ticket = await edited(
        client, ticket, labels={"old": None, "vip": "true"}, custom={"risk": None, "plan": "x"}
    )
    assert ticket["labels"] == {"team": "db", "vip": "true"}
    assert ticket["custom"] == {"plan": "x"}
    told = [(one["field"], one["from"], one["to"]) for one in ticket["history"][1:]]
    assert told == [
        ("custom.plan", None, "x"),
        ("custom.risk", "low", None),
        ("label.old", "1", None),
        ("label.vip", None, "true"),
    ]


@pytest.mark.parametrize(
    ("custom", "pointer"),
    [({"cost": 3}, "/custom/cost"), ({"risk": "huge"}, "/custom/risk"), ({"x": None}, "/custom/x")],
)
async def test_custom_fields_that_are_not_declared_are_refused_where_they_stand(
    client: Client, custom: Json, pointer: str
) -> None:
    ticket = await made(client, type="change")
    path = f"{ROUTE}/{ticket['id']}"
    problem = await client.ask("PATCH", path, {"custom": custom, "title": "y"}, status=422)
    assert problem["code"] == "invalid_custom"
    assert [one["pointer"] for one in problem["errors"]] == [pointer]
    assert (await client.ask("GET", path))["version"] == 1
    body = {"title": "x", "type": "change", "custom": {**custom, "never": 1}}
    await client.ask("POST", ROUTE, body, status=422)


async def test_a_ticket_takes_no_more_labels_than_an_alert_has(client: Client) -> None:
    ticket = await made(client, labels={f"a{number}": "x" for number in range(100)})
    path = f"{ROUTE}/{ticket['id']}"
    more = {"labels": {f"b{number}": "x" for number in range(100)}}
    problem = await client.ask("PATCH", path, more, status=400)
    assert problem["errors"][0]["pointer"] == "/labels"
    assert len((await client.ask("GET", path))["labels"]) == 100


@pytest.mark.parametrize("value", ["1e400", "1" * 400, "[" * 900 + "]" * 900, '{"a": {"b": 1}}'])
async def test_a_custom_value_of_any_shape_is_refused_and_never_an_error(
    client: Client, value: str
) -> None:
    body = f'{{"title": "x", "type": "change", "custom": {{"risk": {value}}}}}'
    json = {"Content-Type": "application/json"}
    async with client.session.post(ROUTE, data=body, headers=json) as answer:
        assert answer.status in (400, 422), await answer.text()
