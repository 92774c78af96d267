"""Who only asks for things: what they may say, and when; and people of projects."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.programs import eventually
from tests.web.client import Json
from tests.web.gated import Bearer, Gated, gated


@pytest.fixture
async def one(database: str, tmp_path: Path) -> AsyncIterator[Gated]:
    async with gated(database, tmp_path) as one:
        yield one


async def request_of(requester: Bearer) -> Json:
    body = {"title": "A new disk", "description": "4 TB"}
    ticket: Json = await requester.ask("POST", "/api/v1/tickets", body, status=201)
    return ticket


async def test_a_requester_asks_for_a_service_request_with_title_and_description(
    one: Gated,
) -> None:
    rita = await one.of("rita", "requester")
    ticket = await request_of(rita)
    assert (ticket["type"], ticket["requester"]) == ("service_request", "u_rita")
    assert [found["id"] for found in await rita.tickets()] == [ticket["id"]]
    for more in (
        {"type": "incident"}, {"priority": "high"}, {"assignee": "rita"}, {"labels": {"a": "b"}},
        {"severity": "critical"}, {"impact": "high"}, {"project": "OPS"}, {"custom": {"a": "b"}},
        {"assignee_group": "dba"},
    ):  # fmt: skip
        body = {"title": "x", **more}
        answer = await rita.ask("POST", "/api/v1/tickets", body, status=403)
        assert answer["code"] == "requester_limits", more
    body = {"title": "x", "type": "service_request"}
    await rita.ask("POST", "/api/v1/tickets", body, status=201)


async def test_a_requester_edits_title_and_description_while_the_ticket_is_open(
    one: Gated,
) -> None:
    rita, olga = await one.of("rita", "requester"), await one.of("olga", "operator")
    path = f"/api/v1/tickets/{(await request_of(rita))['id']}"
    edited = await rita.ask("PATCH", path, {"title": "Two disks", "description": ""})
    assert (edited["title"], edited["description"]) == ("Two disks", "")
    for more in ({"priority": "high"}, {"assignee": "rita"}, {"type": "change"}):
        answer = await rita.ask("PATCH", path, {"title": "x", **more}, status=403)
        assert answer["code"] == "requester_limits", more
    await olga.ask("POST", f"{path}/transitions", {"to": "in_progress"})
    answer = await rita.ask("PATCH", path, {"title": "Three disks"}, status=403)
    assert answer["code"] == "requester_limits"
    assert (await olga.ask("PATCH", path, {"title": "One disk"}))["title"] == "One disk"


async def test_a_requesters_comment_is_for_all_who_see_the_ticket(one: Gated) -> None:
    rita = await one.of("rita", "requester")
    path = f"/api/v1/tickets/{(await request_of(rita))['id']}/comments"
    comment = await rita.ask("POST", path, {"body": "please"}, status=201)
    assert comment["visibility"] == "auditor_visible"
    hidden = {"body": "please", "visibility": "internal"}
    answer = await rita.ask("POST", path, hidden, status=403)
    assert answer["permission"] == "comments.internal"
    place = f"{path}/{comment['id']}"
    await rita.ask("PATCH", place, {"visibility": "internal"}, status=403)
    assert (await rita.ask("PATCH", place, {"body": "now"}))["body"] == "now"


async def test_a_closed_project_is_its_members_alone(one: Gated) -> None:
    await one.callers.project("BANK", "members")
    olga, mia = await one.of("olga", "operator"), await one.of("mia", BANK="member")
    vera, anna = await one.of("vera", BANK="viewer"), await one.of("anna", "admin")
    ticket = await olga.ask("POST", "/api/v1/tickets", {"title": "x"}, status=201)
    await one.callers.connection.execute(
        "UPDATE tickets SET project = 'BANK', requester = 'system'"
    )
    path, comments = f"/api/v1/tickets/{ticket['id']}", f"/api/v1/tickets/{ticket['id']}/comments"
    for method, body in (("GET", None), ("PATCH", {"title": "y"})):
        answer = await olga.ask(method, path, body, status=404)
        assert answer["detail"] == f"no ticket {ticket['id']}"
    assert await olga.tickets() == []
    await olga.ask("POST", comments, {"body": "x"}, status=404)
    await mia.ask("PATCH", path, {"title": "y"})
    written = await mia.ask("POST", comments, {"body": "among us"}, status=201)
    assert written["visibility"] == "internal"
    (seen,) = (await vera.ask("GET", comments))["items"]
    assert (seen["id"], seen["body"]) == (written["id"], "among us")
    await vera.ask("PATCH", path, {"title": "z"}, status=403)
    assert [found["title"] for found in await anna.tickets()] == ["y"]


async def test_nobody_opens_a_ticket_in_a_project_that_is_closed_to_them(one: Gated) -> None:
    await one.callers.project("BANK", "members")
    body = {"title": "x", "project": "BANK"}
    token = one.client(await one.callers.token(role="operator"))
    for outside in (token, await one.of("olga", "operator")):
        answer = await outside.ask("POST", "/api/v1/tickets", body, status=404)
        assert answer["detail"] == "no project BANK"
    anna = await one.of("anna", "admin")
    assert await anna.tickets() == []
    mia = await one.of("mia", BANK="member")
    await mia.ask("POST", "/api/v1/tickets", body, status=201)
    assert [found["project"] for found in await anna.tickets()] == ["BANK"]


async def test_a_token_of_a_requester_sees_what_it_asked_for_and_nothing_else(one: Gated) -> None:
    tokens = [one.client(await one.callers.token(role="requester")) for _ in range(2)]
    ids = [(await request_of(token))["id"] for token in tokens]
    for token, other, own in zip(tokens, reversed(ids), ids, strict=True):
        assert [found["id"] for found in await token.tickets()] == [own]
        await token.ask("PATCH", f"/api/v1/tickets/{own}", {"title": "y"})
        await token.ask("GET", f"/api/v1/tickets/{other}", status=404)


async def test_an_alert_names_no_ticket_to_who_does_not_see_it(one: Gated) -> None:
    await one.callers.project("BANK", "members")
    olga, anna = await one.of("olga", "operator"), await one.of("anna", "admin")
    firing = [{"labels": {"alertname": "CPU"}}]
    await (await one.sender()).ask("POST", "/api/v1/intake/custom", firing)
    await eventually(anna.tickets)
    (ticket,) = await anna.tickets()
    await one.callers.connection.execute("UPDATE tickets SET project = 'BANK'")
    told = {}
    for name, client in (("olga", olga), ("anna", anna)):
        (alert,) = (await client.ask("GET", "/api/v1/alerts"))["items"]
        path = f"/api/v1/alerts/{alert['fingerprint']}"
        seen = [alert, await client.ask("GET", path), await client.ask("GET", f"{path}/explain")]
        seen.append(await client.ask("POST", "/api/v1/explain", firing))
        seen += (await client.ask("GET", f"/api/v1/alerts?ticket={ticket['id']}"))["items"]
        preview = {"matchers": '{alertname="CPU"}'}
        seen.append(await client.ask("POST", "/api/v1/silences/preview", preview))
        told[name] = [ticket["id"] in str(one) for one in seen]
        status = 404 if client is olga else 200
        answer = await client.ask("POST", f"{path}/ticket", status=status)
        assert (ticket["id"] in str(answer)) is (client is anna)
    assert told == {"olga": [False] * 5, "anna": [True] * 6}


async def test_a_role_in_one_project_opens_no_ticket_of_another(one: Gated) -> None:
    mia = await one.of("mia", SHOP="member", BANK="viewer")
    olga = await one.of("olga", "operator")
    ids = {}
    for project in ("SHOP", "BANK", ""):
        ticket = await olga.ask("POST", "/api/v1/tickets", {"title": "x"}, status=201)
        ids[project] = ticket["id"]
        await one.callers.connection.execute(
            "UPDATE tickets SET project = $1 WHERE id = $2", project, ticket["id"]
        )
    for project, status in (("SHOP", 200), ("BANK", 403), ("", 404)):
        path = f"/api/v1/tickets/{ids[project]}"
        await mia.ask("PATCH", path, {"title": "y"}, status=status)
    for path in ("/api/v1/alerts", "/api/v1/silences", "/api/v1/dead-letters"):
        await mia.ask("GET", path, status=403)
    await mia.ask("POST", "/api/v1/tickets", {"title": "x"}, status=403)


async def test_what_was_answered_once_is_not_answered_again_to_who_lost_sight_of_it(
    one: Gated,
) -> None:
    rita = await one.of("rita", "requester")
    path = f"/api/v1/tickets/{(await request_of(rita))['id']}"
    key = {"Idempotency-Key": "once"}
    for _ in range(2):
        await rita.ask("POST", f"{path}/comments", {"body": "x"}, status=201, headers=key)
    await one.callers.connection.execute("UPDATE tickets SET requester = 'system'")
    await rita.ask("POST", f"{path}/comments", {"body": "x"}, status=404, headers=key)
