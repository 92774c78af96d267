"""The audit over HTTP: a list, newest first, and a feed."""

from functools import partial

import asyncpg
import pytest

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.web.api.audit import AuditForm
from tests.programs import eventually
from tests.web.client import Client, Json

AUDIT = "/api/v1/audit"


async def entries(client: Client, query: str = "") -> list[Json]:
    items: list[Json] = (await client.ask("GET", AUDIT + query))["items"]
    return items


async def busy(client: Client) -> str:
    """A ticket of an alert that Anna takes over and speaks of, and a silence of hers."""
    await client.fire("Disk")
    ticket = await client.ticket_of("Disk")
    path = f"/api/v1/tickets/{ticket['id']}"
    await client.ask("PATCH", path, {"assignee": "bob"})
    await client.ask("POST", f"{path}/comments", {"body": "a canary in a mine"}, status=201)
    silence = {"matchers": "a=b", "ends_at": "2099-01-01T00:00:00Z"}
    await client.ask("POST", "/api/v1/silences", silence, status=201)
    key: str = ticket["id"]
    return key


async def test_the_audit_shows_what_was_done_to_all_objects_newest_first(client: Client) -> None:
    key = await busy(client)
    shown = await entries(client)
    assert [(one["kind"], one["field"]) for one in shown[:3]] == [
        ("silence", "matchers"), ("ticket", "comment"), ("ticket", "assignee"),
    ]  # fmt: skip
    assert shown[2].keys() == {
        "at", "actor", "kind", "object", "field", "from", "to", "comment", "sequence", "applied",
    }  # fmt: skip
    assert (shown[2]["object"], shown[2]["from"], shown[2]["to"]) == (key, "", "bob")
    assert shown == sorted(shown, key=lambda one: one["applied"], reverse=True)


async def test_the_audit_is_narrowed_by_actor_kind_object_field_and_time(client: Client) -> None:
    key = await busy(client)
    everything = await entries(client)
    for query, holds in (
        ("?actor=me", lambda one: one["actor"] == "local:anna"),
        ("?actor=system", lambda one: one["actor"] == "system"),
        ("?actor=me&actor=system&kind=ticket", lambda one: one["kind"] == "ticket"),
        (f"?kind=ticket&object={key}&field=assignee", lambda one: one["field"] == "assignee"),
        ("?field=comment&field=matchers", lambda one: one["field"] in ("comment", "matchers")),
        (f"?from={everything[1]['at']}", lambda one: one["at"] >= everything[1]["at"]),
        (f"?to={everything[1]['at']}", lambda one: one["at"] < everything[1]["at"]),
    ):
        found = await entries(client, query)
        assert found and found == list(filter(holds, everything)), query
    await client.ask("GET", f"{AUDIT}?from=yesterday", status=400)
    await client.ask("GET", f"{AUDIT}?from=0001-01-01T00:00:00%2B23:00", status=400)


async def test_the_audit_never_says_what_a_comment_says(client: Client) -> None:
    await busy(client)
    assert "canary" not in repr(await entries(client))
    (said,) = await entries(client, "?field=comment")
    assert "sha256:" in said["to"]


async def heard_by_all(client: Client, count: int) -> bool:
    """Whatever writes at the moment, for whomever, holds the feed back."""
    return len(await entries(client, "?after=&limit=500")) == count


async def test_the_feed_is_followed_from_the_beginning_or_from_any_place(client: Client) -> None:
    await busy(client)
    newest = await client.ask("GET", f"{AUDIT}?limit=2")
    everything = await entries(client)
    await eventually(partial(heard_by_all, client, len(everything)))
    heard, after = [], ""
    while page := await client.ask("GET", f"{AUDIT}?limit=2&after={after}"):
        heard += page["items"]
        after = page["next"]
        if not page["items"]:
            break
    assert heard == everything[::-1]
    assert page["next"] == after, "the place to go on from stays"
    behind = await client.ask("GET", f"{AUDIT}?after={newest['next']}")
    assert behind["items"] == everything[0:1], "a cursor of the list is a place of the feed"
    await client.ask("PATCH", f"/api/v1/tickets/{heard[0]['object']}", {"assignee": "carl"})
    await eventually(partial(heard_by_all, client, len(everything) + 1))
    (last,) = (await client.ask("GET", f"{AUDIT}?after={after}"))["items"]
    assert last["to"] == "carl"
    problem = await client.ask("GET", f"{AUDIT}?after=&cursor={after}", status=400)
    assert problem["errors"][0]["pointer"] == "/after"


async def test_nothing_yet_is_a_feed_too(client: Client) -> None:
    assert await client.ask("GET", f"{AUDIT}?after=") == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("role", "only"),
    [
        (Role.ADMIN, None), (Role.AUDITOR, None), (Role.OPERATOR, "u_anna"),
        (Role.REQUESTER, "u_anna"),
    ],
)  # fmt: skip
def test_auditors_and_admins_see_all_and_others_what_they_did(role: Role, only: str | None) -> None:
    assert AuditForm(actor=("u_bob",)).narrowed(Principal(1, "u_anna", role)).only == only


async def test_an_entry_of_another_tenant_is_in_no_audit(
    client: Client, owner: asyncpg.Connection
) -> None:
    await busy(client)
    await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES (2, 'other')")
    await owner.execute(
        "INSERT INTO history (tenant_id, kind, object_id, sequence, at, actor, field, comment,"
        " hash) VALUES (2, 'ticket', 'tk_other', 1, now(), 'x', 'status', '', '')"
    )
    assert "tk_other" not in repr(await entries(client))
