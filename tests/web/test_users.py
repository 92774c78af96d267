"""Users, groups, roles and tokens over HTTP."""

import re

import pytest

from tests.web.client import Client, Json

USERS, TOKENS = "/api/v1/users", "/api/v1/tokens"


async def add(client: Client, handle: str, **more: str) -> Json:
    return await client.ask("POST", USERS, {"handle": handle, **more}, status=201)


async def test_a_user_is_added_shown_edited_and_disabled(client: Client) -> None:
    berta = await add(client, "berta", name="Anna", email="anna@example.com", role="operator")
    assert client.headers["Location"] == f"{USERS}/{berta['id']}"
    assert (berta["role"], berta["disabled_at"]) == ("operator", None)
    for name in (berta["id"], "berta", "@berta"):
        assert await client.ask("GET", f"{USERS}/{name}") == berta
    edited = await client.ask("PATCH", f"{USERS}/berta", {"name": "Anna S", "disabled": True})
    assert (edited["name"], edited["email"]) == ("Anna S", "anna@example.com")
    assert edited["disabled_at"]
    assert (await client.ask("PATCH", f"{USERS}/berta", {"disabled": False}))["disabled_at"] is None


async def test_users_are_listed_by_handle_in_pages(client: Client) -> None:
    for handle in ("carl", "berta", "bob"):
        await add(client, handle)
    page = await client.ask("GET", f"{USERS}?limit=2")
    rest = await client.ask("GET", f"{USERS}?limit=2&cursor={page['next']}")
    shown = [one["handle"] for one in page["items"] + rest["items"]]
    assert (shown, rest["next"]) == (["berta", "bob", "carl"], None)


async def test_what_is_refused_says_why(client: Client) -> None:
    await add(client, "berta", role="admin")
    taken = await client.ask("POST", USERS, {"handle": "berta"}, status=409)
    assert taken["code"] == "handle_taken"
    bad = await client.ask("POST", USERS, {"handle": "me"}, status=400)
    assert (bad["code"], bad["errors"][0]["pointer"]) == ("bad_handle", "/handle")
    last = await client.ask("PATCH", f"{USERS}/berta", {"disabled": True}, status=409)
    assert last["code"] == "last_admin"
    await client.ask("GET", f"{USERS}/nobody", status=404)
    await client.ask("PATCH", f"{USERS}/u_{'0' * 26}", {"name": "x"}, status=404)


async def test_roles_are_granted_and_revoked_in_tenant_and_project(client: Client) -> None:
    await add(client, "berta")
    roles = f"{USERS}/berta/roles"
    for _ in range(2):
        shown = await client.ask("POST", roles, {"role": "lead", "project": "OPS"})
    await client.ask("POST", roles, {"role": "auditor"})
    held = [(one["role"], one["project"], one["origin"]) for one in shown["roles"]]
    assert held == [("lead", "OPS", "manual")]
    await client.ask("DELETE", f"{roles}/lead?project=OPS")
    shown = await client.ask("DELETE", f"{roles}/lead?project=OPS")
    assert [one["role"] for one in shown["roles"]] == ["auditor"]
    bad = await client.ask("POST", roles, {"role": "king"}, status=400)
    assert bad["errors"][0]["pointer"] == "/role"


async def test_a_group_is_there_while_somebody_is_in_it(client: Client) -> None:
    for handle in ("berta", "bob"):
        await add(client, handle)
        for _ in range(2):
            await client.ask("PUT", f"/api/v1/groups/sre/members/{handle}", status=204)
    assert (await client.ask("GET", "/api/v1/groups"))["items"] == [{"name": "sre", "members": 2}]
    members = await client.ask("GET", "/api/v1/groups/sre/members")
    assert [one["handle"] for one in members["items"]] == ["berta", "bob"]
    assert members["items"][0]["groups"] == [{"group": "sre", "origin": "manual"}]
    for handle in ("berta", "bob", "bob"):
        await client.ask("DELETE", f"/api/v1/groups/sre/members/{handle}", status=204)
    assert (await client.ask("GET", "/api/v1/groups"))["items"] == []
    await client.ask("GET", "/api/v1/groups/sre/members", status=404)
    await client.ask("PUT", "/api/v1/groups/sre/members/nobody", status=404)
    await client.ask("PUT", "/api/v1/groups/s%20re/members/berta", status=400)


async def test_a_token_is_made_shown_once_listed_and_revoked(client: Client) -> None:
    berta = await add(client, "berta")
    order = {"name": "laptop", "user": "@berta"}
    headers = {"Idempotency-Key": "k-1"}
    made = await client.ask("POST", TOKENS, order, status=201, headers=headers)
    again = await client.ask("POST", TOKENS, order, status=201, headers=headers)
    assert re.fullmatch(r"agw_u_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}", made["text"])
    assert again == {"token": made["token"], "text": None}
    assert made["token"]["user_id"] == berta["id"]
    sender = {"name": "prom", "role": "sender", "source": "prometheus"}
    second = await client.ask("POST", TOKENS, sender, status=201)
    assert second["text"].startswith("agw_t_")
    page = await client.ask("GET", f"{TOKENS}?limit=1")
    rest = await client.ask("GET", f"{TOKENS}?limit=1&cursor={page['next']}")
    assert (page["items"], rest["items"]) == ([second["token"]], [made["token"]])
    assert made["text"][15:] not in repr((page, rest))
    place = f"{TOKENS}/{made['token']['id']}"
    first = await client.ask("DELETE", place)
    assert first["revoked_at"]
    assert await client.ask("DELETE", place) == first
    await client.ask("DELETE", f"{TOKENS}/t_00000000", status=404)


async def test_an_order_for_no_token_is_refused_with_its_field(client: Client) -> None:
    for order, pointer in (
        ({"name": "x"}, "/role"),
        ({"name": "x", "user": "me"}, "/user"),
        ({"name": "x", "role": "sender", "source": "nix"}, "/source"),
        ({"name": "x", "role": "sender", "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"role": "sender"}, "/name"),
    ):
        answer = await client.ask("POST", TOKENS, order, status=400)
        assert answer["errors"][0]["pointer"] == pointer, order


async def test_who_asks_is_told_what_they_are(client: Client) -> None:
    me = await client.ask("GET", "/api/v1/me")
    assert me == {
        "actor": "local:anna", "role": "admin", "projects": {}, "groups": [], "user": None,
    }  # fmt: skip


async def test_an_assignee_who_is_nobody_here_is_refused_and_a_user_is_kept_by_id(
    client: Client,
) -> None:
    berta = await add(client, "berta", role="operator")
    form = {"title": "Disks", "assignee": "@berta"}
    ticket = await client.ask("POST", "/api/v1/tickets", form, status=201)
    assert ticket["assignee"] == berta["id"]
    path = f"/api/v1/tickets/{ticket['id']}"
    refused = await client.ask("PATCH", path, {"assignee": "@nobody"}, status=422)
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("unknown_person", "/assignee")
    assert (await client.ask("PATCH", path, {"assignee": "bob"}))["assignee"] == "bob"


async def test_a_comment_names_its_users_by_id_and_whom_it_did_not_reach(client: Client) -> None:
    bob = await add(client, "bob", role="operator")
    ticket = await client.ask("POST", "/api/v1/tickets", {"title": "Disks"}, status=201)
    path = f"/api/v1/tickets/{ticket['id']}/comments"
    written = await client.ask("POST", path, {"body": "@bob, ask @eve"}, status=201)
    assert (written["mentions"], written["unreached_mentions"]) == ([bob["id"]], ["eve"])
    [shown] = (await client.ask("GET", path))["items"]
    assert shown["mentions"] == [bob["id"]]
    assert "unreached_mentions" not in shown


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "users/%00", None),
        ("PATCH", "users/a%00b", {"name": "x"}),
        ("POST", "users/%00/roles", {"role": "admin"}),
        ("DELETE", "users/%00/roles/admin", None),
        ("GET", "groups/%00/members", None),
        ("PUT", "groups/dba/members/%00", None),
        ("DELETE", "groups/dba/members/%00", None),
        ("DELETE", "tokens/%00", None),
    ],
)
async def test_what_postgresql_cannot_even_be_asked_for_is_not_found(
    client: Client, method: str, path: str, body: Json
) -> None:
    answer = await client.ask(method, f"/api/v1/{path}", body, status=404)
    assert answer["code"] == "not_found"
