"""What people narrow lists of tickets to, over HTTP."""

import asyncpg
import pytest

from tests.web.client import Client, Json


async def titles(client: Client, query: str) -> set[str]:
    return {one["title"] for one in await client.tickets(query)}


async def opened(client: Client, title: str, **fields: object) -> Json:
    body = {"title": title, **fields}
    return await client.ask("POST", "/api/v1/tickets", body, status=201)


async def several(client: Client, owner: asyncpg.Connection) -> None:
    """A ticket of an alert, one of Anna's own, and one of the group's that is resolved."""
    await client.fire("Disk", team="db", severity="critical")
    await opened(client, "Mine", assignee="local:anna", labels={"team": "web"})
    ours = await opened(client, "Ours", assignee="bob", assignee_group="sre", priority="low")
    path = f"/api/v1/tickets/{ours['id']}/transitions"
    await client.ask("POST", path, {"to": "resolved"})
    await owner.execute(
        "UPDATE tickets SET project = 'OPS', type = 'change', state = 'fixed', major = true"
        " WHERE title = 'Ours'"
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?status=open", {"Disk", "Mine"}),
        ("?status=open&status=in_progress&status=pending", {"Disk", "Mine"}),
        ("?status=open&status=resolved", {"Disk", "Mine", "Ours"}),
        ("?state=open", {"Disk", "Mine"}),
        ("?state=fixed", {"Ours"}),
        ("?type=change&type=task", {"Ours"}),
        ("?type=incident", {"Disk", "Mine"}),
        ("?project=OPS", {"Ours"}),
        ("?project=", {"Disk", "Mine"}),
        ("?priority=critical&priority=low", {"Disk", "Ours"}),
        ("?assignee=me", {"Mine"}),
        ("?assignee=me&assignee=bob", {"Mine", "Ours"}),
        ("?assignee=", {"Disk"}),
        ("?assignee=&status=open", {"Disk"}),
        ("?assignee=me&status=resolved", set()),
        ("?group=sre", {"Ours"}),
        ("?group=sre&status=open", set()),
        ("?requester=me", {"Mine", "Ours"}),
        ("?requester=system", {"Disk"}),
        ("?requester=me&assignee=bob", {"Ours"}),
        ("?major=true", {"Ours"}),
        ("?major=false", {"Disk", "Mine"}),
        ("?rule=default", {"Disk"}),
        ("?rule=", {"Mine", "Ours"}),
        ("?source=custom&source=grafana", {"Disk"}),
        ("?source=grafana", set()),
        ('?matchers={team="db"}', {"Disk"}),
        ('?matchers={team!="db"}', {"Mine", "Ours"}),
        ('?matchers={team=""}', {"Ours"}),
        ('?matchers={team=~"d.*|web"}', {"Disk", "Mine"}),
        ('?matchers={team!~"d.*",team!=""}', {"Mine"}),
        ("?silenced=true", set()),
        ("?silenced=false", {"Disk", "Mine", "Ours"}),
        ("?q=mIn", {"Mine"}),
        ("?q=%231", {"Disk"}),
        ("?q=2", {"Mine"}),
        ("?q=OPS-3", {"Ours"}),
        ("?q=OPS-1", set()),
        ("?q=true", set()),
        ("?q=2&status=resolved", set()),
        ("?q=", {"Disk", "Mine", "Ours"}),
        ("?sort=newest", {"Disk", "Mine", "Ours"}),
    ],
)
async def test_tickets_are_narrowed_by_every_parameter(
    client: Client, owner: asyncpg.Connection, query: str, found: set[str]
) -> None:
    await several(client, owner)
    assert await titles(client, query) == found


async def test_a_ticket_is_found_by_its_id_and_a_number_in_a_title_if_no_ticket_has_it(
    client: Client,
) -> None:
    ticket = await opened(client, "Error 404 of /")
    assert await titles(client, f"?q={ticket['id']}") == {"Error 404 of /"}
    assert await titles(client, "?q=404") == {"Error 404 of /"}
    assert await titles(client, "?q=%23404") == set()
    assert await titles(client, "?q=tk_" + "0" * 26) == set()


async def test_a_ticket_whose_firing_alerts_are_all_silenced_is_silenced(client: Client) -> None:
    await client.fire("Loud")
    await client.fire("Quiet")
    silence = {"matchers": "alertname=Quiet", "ends_at": "2099-01-01T00:00:00Z"}
    await client.ask("POST", "/api/v1/silences", silence, status=201)
    await client.fire("Quiet")
    assert await titles(client, "?silenced=true") == {"Quiet"}
    assert await titles(client, "?silenced=false") == {"Loud"}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?status=asleep", "must be one of open,"),
        ("?status=open&status=asleep", "must be one of open,"),
        ("?major=yes", "must be true or false"),
        ("?major=true&major=false", "may be given once"),
        ("?sort=due", "must be one of newest"),
        ("?assignee=" + "&assignee=".join("x" * 51), "is not what this parameter takes"),
    ],
)
async def test_what_a_parameter_does_not_take_is_refused(
    client: Client, query: str, says: str
) -> None:
    problem = await client.ask("GET", f"/api/v1/tickets{query}", status=400)
    assert says in problem["errors"][0]["detail"]


async def test_live_tickets_are_counted_by_a_field_and_the_count_is_remembered_for_a_moment(
    client: Client, owner: asyncpg.Connection
) -> None:
    await several(client, owner)
    path = "/api/v1/tickets/counts"
    assert await client.ask("GET", path) == {"by": "status", "counts": {"open": 2}}
    for by, counts in (
        ("priority", {"critical": 1, "medium": 1}), ("assignee", {"": 1, "local:anna": 1}),
        ("project", {"": 2}), ("type", {"incident": 2}),
    ):  # fmt: skip
        assert await client.ask("GET", f"{path}?by={by}") == {"by": by, "counts": counts}
    await client.ask("GET", f"{path}?by=title", status=400)
