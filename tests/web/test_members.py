"""Who leads a project names its members, there and nowhere else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.gated import Bearer, Gated, gated

OPS, WEB = "/api/v1/projects/OPS/members", "/api/v1/projects/WEB/members"


@pytest.fixture
async def one(database: str, tmp_path: Path) -> AsyncIterator[Gated]:
    async with gated(database, tmp_path) as one:
        yield one


@pytest.fixture
async def lead(one: Gated) -> Bearer:
    """Of OPS, with nothing else; bert and berta are users without a role."""
    admin = await one.of("ada", "admin")
    for handle in ("bert", "berta"):
        await admin.ask("POST", "/api/v1/users", {"handle": handle}, status=201)
    return await one.of("lena", OPS="lead")


async def roles_of(one: Gated, handle: str) -> list[tuple[str, str]]:
    query = "SELECT role, project FROM grants JOIN users ON id = user_id WHERE handle = $1"
    rows = await one.callers.connection.fetch(query + " ORDER BY 1, 2", handle)
    return [(row["role"], row["project"]) for row in rows]


async def test_a_lead_names_viewers_and_members_and_drops_them(one: Gated, lead: Bearer) -> None:
    for _ in range(2):
        named = await lead.ask("PUT", f"{OPS}/bert", {"role": "member"})
    assert named.keys() == {"id", "handle", "name", "role"}
    assert await roles_of(one, "bert") == [("member", "OPS")]
    assert (await lead.ask("PUT", f"{OPS}/bert", {"role": "viewer"}))["role"] == "viewer"
    assert await roles_of(one, "bert") == [("viewer", "OPS")], "it replaces the other"
    await lead.ask("DELETE", f"{OPS}/lena", status=204)
    assert await roles_of(one, "lena") == [("lead", "OPS")], "an admin says who leads"
    for _ in range(2):
        await lead.ask("DELETE", f"{OPS}/bert", status=204)
    assert await roles_of(one, "bert") == []
    told = await one.callers.connection.fetch(
        "SELECT old, new FROM history WHERE actor = 'u_lena' ORDER BY sequence"
    )
    assert [tuple(entry) for entry in told] == [
        (None, "member in OPS"), (None, "viewer in OPS"), ("member in OPS", None),
        ("viewer in OPS", None),
    ]  # fmt: skip


async def test_a_lead_makes_no_leads_and_names_nobody_elsewhere(one: Gated, lead: Bearer) -> None:
    bad = await lead.ask("PUT", f"{OPS}/bert", {"role": "lead"}, status=400)
    assert (bad["code"], bad["errors"][0]["pointer"]) == ("bad_role", "/role")
    for method, path, body in (
        ("PUT", f"{WEB}/bert", {"role": "member"}), ("DELETE", f"{WEB}/bert", None),
        ("GET", WEB, None),
    ):  # fmt: skip
        refused = await lead.ask(method, path, body, status=403)
        assert refused["code"] == "missing_permission"
    await lead.ask("PUT", f"{OPS}/nobody", {"role": "member"}, status=404)
    assert await roles_of(one, "bert") == []


async def test_nobody_grants_themselves_a_role_in_a_project(one: Gated, lead: Bearer) -> None:
    refused = await lead.ask("PUT", f"{OPS}/lena", {"role": "member"}, status=403)
    assert refused["code"] == "own_role"
    for role in ("viewer", "member"):
        other = await one.of(f"of-{role}", OPS=role)
        refused = await other.ask("PUT", f"{OPS}/bert", {"role": "viewer"}, status=403)
        assert refused["code"] == "missing_permission"


async def test_a_lead_sees_who_is_in_the_project(lead: Bearer) -> None:
    for handle in ("berta", "bert"):
        await lead.ask("PUT", f"{OPS}/{handle}", {"role": "viewer"})
    page = await lead.ask("GET", f"{OPS}?limit=1")
    assert [(item["handle"], item["role"]) for item in page["items"]] == [("bert", "viewer")]
    assert page["next"]
