"""Tokens over HTTP: who passes with which, and what each of them may do."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from gateway.access.token import OF_ROLE, mint
from tests.callers import LONG_AGO, Callers, token_id
from tests.programs import eventually
from tests.web.client import Client
from tests.web.gated import Bearer, Gated, gated

ALERT = [{"labels": {"alertname": "CPU"}}]


@pytest.fixture
async def one(database: str, tmp_path: Path) -> AsyncIterator[Gated]:
    async with gated(database, tmp_path) as one:
        yield one


async def test_what_was_mistyped_expired_revoked_or_disabled_hears_the_same(one: Gated) -> None:
    callers = one.callers
    expired = await callers.token(role="admin", expires_at=LONG_AGO)
    revoked = await callers.token(role="admin")
    await callers.revoke(revoked)
    user = await callers.user("anna", "admin")
    disabled = await callers.token(user=user)
    await callers.disable(user)
    mistyped = revoked[:-1] + ("a" if revoked[-1] != "a" else "b")
    tokens = [mint(OF_ROLE).text, mistyped, expired, revoked, disabled, "agw_", ""]
    answers = [
        await one.client(token).ask("GET", "/api/v1/tickets", status=401) for token in tokens
    ]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["code"] == "unauthorized"


async def test_x_actor_names_nobody_where_everybody_must_say_who_they_are(one: Gated) -> None:
    anna = await one.of("anna", "operator")
    await one.callers.user("bob", "admin")
    ticket = await anna.ask(
        "POST", "/api/v1/tickets", {"title": "x"}, status=201, headers={"X-Actor": "bob"}
    )
    assert ticket["requester"] == "u_anna"
    robot = one.client(await one.callers.token(role="operator"))
    ticket = await robot.ask("POST", "/api/v1/tickets", {"title": "y"}, status=201)
    assert ticket["requester"] == token_id(robot.token)
    await Client(one.session).ask("GET", "/api/v1/tickets", status=401)


async def test_what_is_granted_and_taken_away_holds_at_the_next_request(one: Gated) -> None:
    anna = await one.of("anna")
    await anna.ask("GET", "/api/v1/tickets", status=403)
    run = one.callers.connection.execute
    await run("INSERT INTO grants (tenant_id, user_id, role) VALUES (1, 'u_anna', 'auditor')")
    await anna.ask("GET", "/api/v1/tickets")
    await run("DELETE FROM grants")
    await anna.ask("GET", "/api/v1/tickets", status=403)
    await one.callers.disable("u_anna")
    await anna.ask("GET", "/api/v1/tickets", status=401)


async def test_a_sender_delivers_and_can_do_nothing_else(one: Gated) -> None:
    sender = await one.sender()
    await sender.ask("POST", "/api/v1/intake/custom", ALERT)
    await sender.ask("POST", "/api/v2/alerts", ALERT)
    for path in ("/api/v1/tickets", "/api/v1/alerts", "/api/v1/dead-letters"):
        answer = await sender.ask("GET", path, status=403)
        assert answer["code"] == "missing_permission"


async def test_a_token_bound_to_a_source_delivers_for_that_one_alone(one: Gated) -> None:
    sender = await one.sender(source="custom")
    await sender.ask("POST", "/api/v1/intake/custom", ALERT)
    for path in ("/api/v1/intake/n9e", "/api/v1/intake/no-such-source", "/api/v2/alerts"):
        answer = await sender.ask("POST", path, ALERT, status=403)
        assert "custom" in str(answer)
    prometheus = await one.sender(source="prometheus")
    await prometheus.ask("POST", "/api/v2/alerts", ALERT)
    await prometheus.ask("POST", "/api/v1/intake/prometheus/api/v2/alerts", ALERT)


async def test_each_tenants_sender_delivers_into_its_own_tenant(one: Gated) -> None:
    await one.callers.tenant(2, "two")
    admins = {1: await one.of("anna", "admin"), 2: await one.of("bert", "admin", tenant=2)}
    for tenant, name in ((1, "One"), (2, "Two")):
        sender = await one.sender(tenant)
        await sender.ask("POST", "/api/v1/intake/custom", [{"labels": {"alertname": name}}])
        bad = await sender.ask("POST", "/api/v1/intake/custom", [{"labels": {}}], status=400)
        assert bad["code"] == "all_refused"

    async def arrived() -> bool:
        return all([await admin.tickets() for admin in admins.values()])

    await eventually(arrived)
    for tenant, name in ((1, "One"), (2, "Two")):
        (ticket,) = await admins[tenant].tickets()
        assert ticket["title"] == name
        (alert,) = (await admins[tenant].ask("GET", "/api/v1/alerts"))["items"]
        assert (alert["labels"]["alertname"], alert["ticket_id"]) == (name, ticket["id"])
        letters = (await admins[tenant].ask("GET", "/api/v1/dead-letters"))["items"]
        assert len(letters) == 1


async def test_the_configured_token_goes_on_as_administrator(database: str, tmp_path: Path) -> None:
    async with gated(database, tmp_path, 'token = "correct-horse"\n') as one:
        static = one.client("correct-horse")
        body, named = {"title": "x"}, {"X-Actor": "anna"}
        ticket = await static.ask("POST", "/api/v1/tickets", body, status=201, headers=named)
        assert ticket["requester"] == "token:anna"
        await (await one.of("anna", "operator")).ask("GET", "/api/v1/tickets")
        await one.client("battery-staple").ask("GET", "/api/v1/tickets", status=401)


async def test_on_this_machine_x_actor_is_the_user_of_that_handle(
    client: Client, database: str, owner: asyncpg.Connection
) -> None:
    callers = Callers(owner)
    user = await callers.user("anna", "requester")
    for name, actor in (("anna", user), ("Anna", user), ("bob", "local:bob")):
        ticket = await client.ask(
            "POST", "/api/v1/tickets", {"title": "x"}, status=201, headers={"X-Actor": name}
        )
        assert ticket["requester"] == actor
    await callers.disable(user)
    answer = await client.ask("GET", "/api/v1/tickets", status=403, headers={"X-Actor": "anna"})
    assert answer["code"] == "user_disabled"
    await client.ask("POST", "/api/v1/intake/custom", ALERT)


async def test_on_this_machine_a_token_says_who_somebody_is(
    client: Client, owner: asyncpg.Connection
) -> None:
    callers = Callers(owner)
    bearer = Bearer(client.session, await callers.of("anna", "auditor"))
    answer = await bearer.ask("POST", "/api/v1/tickets", {"title": "x"}, status=403)
    assert answer["permission"] == "tickets.create"
    await Bearer(client.session, mint(OF_ROLE).text).ask("GET", "/api/v1/tickets", status=401)
