"""Every endpoint of the table, asked with ids that are there, or with ids of the same shape."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import msgspec

from gateway.access.permission import Permission
from gateway.web.api.examples import EXAMPLES
from gateway.web.api.table import TABLE
from gateway.web.http.endpoint import AnyEndpoint, Parameter
from tests.programs import eventually
from tests.web.client import Json
from tests.web.gated import Bearer, Gated, gated

Places = Mapping[str, str]
"""What stands in paths, by the component of the part."""

UNKNOWN: Places = {
    "TicketId": "tk_" + "0" * 26,
    "CommentId": "c_" + "0" * 26,
    "LinkKindName": "blocks",
    "OtherTicketId": "tk_" + "0" * 26,
    "WatcherId": "u_" + "0" * 26,
    "SilenceId": "00000000-0000-4000-8000-000000000000",
    "Fingerprint": "0" * 32,
    "User": "not-there",
    "Group": "not-there",
    "RoleName": "lead",
    "ProjectKey": "NONE",
    "TokenId": "t_00000000",
    "WorkflowName": "not-there",
    "Setting": "not-there",
}
SAME_FOR_ALL = {"LinkKindName", "RoleName"}
"""Words, not names of what a tenant has."""
_QUERIES: Mapping[str, Mapping[str, str]] = {
    "removeReference": {"kind": "asset", "reference": "planted"}
}
"""What must be asked for, by endpoint."""
_OF_ONE = """
[[workflows]]
name = "planted"
tenants = ["default"]
transitions = [
  {from = "open", to = "resolved", role = "operator"},
  {from = "resolved", to = "closed", role = "operator"},
  {from = "resolved", to = "open", role = "any"},
]
"""
_OPEN = (Permission.PROBE, Permission.METRICS_READ)
CANARY = "canary7f3a"
INTERNAL = "hushed"
INTERNAL_FIELD = f'[[fields]]\nname = "{INTERNAL}"\ntype = "text"\ninternal = true\n'


@dataclass(frozen=True)
class Heard:
    """An answer without what the caller has put into it."""

    status: int
    body: str


def endpoints() -> Iterator[AnyEndpoint]:
    """All but those of senders, probes and monitoring."""
    for endpoint in TABLE:
        if endpoint.permission not in (*_OPEN, Permission.INTAKE):
            yield endpoint


def parts_of(endpoint: AnyEndpoint) -> list[Parameter]:
    """Of its path."""
    return [one for one in endpoint.asks if one.place == "path"]


def path_of(endpoint: AnyEndpoint, places: Places) -> str:
    """What is not planted is not there for anybody."""
    parts = {one.name: places.get(one.component, "none") for one in parts_of(endpoint)}
    return endpoint.path.format(**parts)


async def heard(bearer: Bearer, endpoint: AnyEndpoint, places: Places) -> Heard:
    """With the body that the description gives as an example."""
    example = EXAMPLES.get(endpoint.form)
    if endpoint.body is not None:
        example = EXAMPLES[endpoint.body.kinds[0]]
    body = None if example is None or endpoint.method == "GET" else msgspec.json.encode(example)
    headers = {"Authorization": f"Bearer {bearer.token}", "Content-Type": "application/json"}
    path = path_of(endpoint, places)
    asked = bearer.session.request(
        endpoint.method, path, data=body, headers=headers, params=_QUERIES.get(endpoint.name)
    )
    async with asked as answer:
        text = await answer.text()
    for name in places.values():
        text = text.replace(name, "…")
    return Heard(answer.status, text)


@dataclass(frozen=True)
class Planted:
    """A gateway with one of everything in tenant 1, and an empty tenant 2."""

    one: Gated
    admin: Bearer
    places: Places
    ticket: Json


@asynccontextmanager
async def planted(url: str, directory: Path) -> AsyncIterator[Planted]:
    """A canary is in what auditors are not told."""
    async with gated(url, directory, _OF_ONE + INTERNAL_FIELD) as one:
        await one.callers.tenant(2, "two")
        admin = await one.of(CANARY, "admin")

        async def declared() -> bool:
            return INTERNAL in str(await admin.ask("GET", "/api/v1/fields"))

        await eventually(declared)
        sender = await one.sender()
        bad = [{"labels": {"alertname": "CPU"}}, {"labels": {}}]
        await sender.ask("POST", "/api/v1/intake/custom", bad)

        async def arrived() -> bool:
            return bool((await admin.ask("GET", "/api/v1/alerts"))["items"])

        await eventually(arrived)
        (alert,) = (await admin.ask("GET", "/api/v1/alerts"))["items"]
        ticket = await admin.ask("GET", f"/api/v1/tickets/{alert['ticket_id']}")
        for value in (f"{CANARY} value", f"{CANARY} changed"):
            custom = {"custom": {INTERNAL: value}}
            ticket = await admin.ask("PATCH", f"/api/v1/tickets/{ticket['id']}", custom)
        comments = f"/api/v1/tickets/{ticket['id']}/comments"
        internal = {"body": f"{CANARY} @{CANARY}x", "visibility": "internal"}
        comment = await admin.ask("POST", comments, internal, status=201)
        place = f"{comments}/{comment['id']}"
        await admin.ask("PATCH", place, {"body": f"{CANARY} again"})
        open_to_all = {"body": "for all", "visibility": "auditor_visible"}
        await admin.ask("POST", comments, open_to_all, status=201)
        until = {"matchers": '{alertname="Other"}', "ends_at": "2999-01-01T00:00:00Z"}
        silence = await admin.ask("POST", "/api/v1/silences", until, status=201)
        user = await admin.ask("POST", "/api/v1/users", {"handle": "planted"}, status=201)
        await admin.ask("PUT", "/api/v1/groups/planted/members/planted", status=204)
        member = "/api/v1/projects/PLANTED/members/planted"
        await admin.ask("PUT", member, {"role": "viewer"})
        order = {"name": "planted", "role": "sender"}
        token = (await admin.ask("POST", "/api/v1/tokens", order, status=201))["token"]
        other = await bound(admin, ticket["id"], user["id"])
        await declared_in_both(one, admin)
        places = {
            "TicketId": ticket["id"],
            "CommentId": comment["id"],
            "LinkKindName": "blocks",
            "OtherTicketId": other,
            "WatcherId": user["id"],
            "SilenceId": silence["id"],
            "Fingerprint": alert["fingerprint"],
            "User": "planted",
            "Group": "planted",
            "RoleName": "lead",
            "ProjectKey": "PLANTED",
            "TokenId": token["id"],
            "WorkflowName": "planted",
            "Setting": "planted",
        }
        yield Planted(one, admin, places, ticket)


async def bound(admin: Bearer, ticket: str, watcher: str) -> str:
    """Id of another ticket, which the first one blocks; *watcher* watches that one, and it
    refers to something."""
    other = await admin.ask("POST", "/api/v1/tickets", {"title": "Another"}, status=201)
    place = f"/api/v1/tickets/{ticket}"
    link = {"kind": "blocks", "ticket": other["id"]}
    await admin.ask("POST", f"{place}/links", link, status=201)
    await admin.ask("PUT", f"{place}/watchers/{watcher}", status=204)
    asset = {"kind": "asset", "reference": "planted"}
    await admin.ask("POST", f"{place}/refs", asset, status=201)
    return str(other["id"])


async def declared_in_both(one: Gated, admin: Bearer) -> None:
    """The gateway has declared what it wants in each tenant, and goes on to other things."""
    without = "SELECT count(*) FROM tenants WHERE declared_version = 0"

    async def declared() -> bool:
        if await one.callers.connection.fetchval(without):
            return False
        known = (await admin.ask("GET", "/api/v1/workflows"))["items"]
        return "planted" in {workflow["name"] for workflow in known}

    await eventually(declared)
    week = {"time_zone": "UTC", "week": {"mon-fri": ["08:00-16:00"]}, "day": "8h"}
    for calendar in ("planted", "berlin"):  # the examples name that one
        await admin.ask("PUT", f"/api/v1/settings/calendars/{calendar}", week)
    promise = {"targets": {"low": {"response": "1d", "resolution": "5d"}}, "calendar": "planted"}
    await admin.ask("PUT", "/api/v1/settings/sla/planted", promise)


async def everything_in(connection: asyncpg.Connection) -> dict[str, tuple[int, str]]:
    """How many rows of tenant 1 each table has, and what they are; but for what is noted of use."""
    tables = await connection.fetch("""
        SELECT DISTINCT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name = 'tenant_id'
    """)
    found = {}
    for (table,) in tables:
        if table in ("tokens", "sources"):
            continue
        query = (
            f"SELECT count(*), md5(coalesce(string_agg(t::text, ' ' ORDER BY t::text), ''))"
            f" FROM {table} AS t WHERE tenant_id = 1"
        )
        found[table] = tuple(await connection.fetchrow(query))
    return found
