"""Settings over HTTP: what no configuration declares is declared by an admin, in versions."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from gateway.app.lifecycle import open_gateway
from gateway.config import load
from tests.programs import eventually
from tests.web.client import Client

SLA = "/api/v1/settings/sla"
CALENDARS = "/api/v1/settings/calendars"
MATRIX = "/api/v1/settings/priority_matrix"
BERLIN = {"time_zone": "Europe/Berlin", "week": {"mon-fri": ["08:00-17:00"]}, "day": "8h"}
GOLD = {"calendar": "berlin", "targets": {"P0": {"response": "1d"}}}


async def test_what_is_declared_again_is_a_new_version_and_what_was_before_the_old_one(
    client: Client,
) -> None:
    first = await client.ask("PUT", f"{CALENDARS}/berlin", BERLIN)
    assert (first["version"], first["origin"], client.headers["ETag"]) == (1, "api", '"1"')
    longer = {**BERLIN, "day": "9h", "holidays": {"country": "DE"}}
    second = await client.ask("PUT", f"{CALENDARS}/berlin", longer)
    assert (second["version"], second["holidays"]["country"]) == (2, "DE")
    assert "2026-10-03" in second["dates"]
    assert (await client.ask("PUT", f"{CALENDARS}/berlin", longer))["version"] == 2
    assert (await client.ask("PUT", f"{CALENDARS}/berlin", BERLIN))["version"] == 1
    assert await client.ask("GET", f"{CALENDARS}/berlin") == first
    assert (await client.ask("GET", CALENDARS))["items"] == [first]


async def test_a_policy_follows_its_calendar_by_a_version_of_its_own(client: Client) -> None:
    answer = await client.ask("PUT", f"{SLA}/gold", GOLD, status=400)
    assert (answer["code"], answer["errors"][0]["pointer"]) == ("invalid_setting", "/calendar")
    await client.ask("PUT", f"{CALENDARS}/berlin", BERLIN)
    first = await client.ask("PUT", f"{SLA}/gold", GOLD)
    assert (first["version"], list(first["targets"])) == (1, ["critical"])
    await client.ask("PUT", f"{CALENDARS}/berlin", {**BERLIN, "day": "7h"})
    assert (await client.ask("GET", f"{SLA}/gold"))["version"] == 2
    answer = await client.ask("DELETE", f"{CALENDARS}/berlin", status=409)
    assert answer["code"] == "setting_in_use"
    await client.ask("DELETE", f"{SLA}/gold", status=204)
    await client.ask("DELETE", f"{CALENDARS}/berlin", status=204)
    await client.ask("GET", f"{SLA}/gold", status=404)
    assert (await client.ask("GET", CALENDARS))["items"] == []


@pytest.mark.parametrize(
    ("form", "pointer"),
    [
        ({**BERLIN, "time_zone": "Berlin"}, "/time_zone"),
        ({**BERLIN, "week": {}}, "/week"),
        ({**BERLIN, "day": "x"}, "/day"),
        ({**BERLIN, "holidays": {"country": "XX"}}, "/holidays"),
    ],
)
async def test_a_calendar_that_could_never_work_is_refused_with_its_field(
    client: Client, form: dict[str, object], pointer: str
) -> None:
    answer = await client.ask("PUT", f"{CALENDARS}/berlin", form, status=400)
    assert answer["errors"][0]["pointer"] == pointer


async def test_a_version_that_was_not_seen_is_412(client: Client) -> None:
    await client.ask("PUT", f"{CALENDARS}/berlin", BERLIN)
    seen = {"If-Match": client.headers["ETag"]}
    await client.ask("PUT", f"{CALENDARS}/berlin", {**BERLIN, "day": "7h"}, headers=seen)
    answer = await client.ask("PUT", f"{CALENDARS}/berlin", BERLIN, headers=seen, status=412)
    assert answer["code"] == "stale_setting"
    await client.ask("DELETE", f"{CALENDARS}/berlin", headers=seen, status=412)


async def test_what_is_shipped_is_overridden_and_comes_back(client: Client) -> None:
    shipped = await client.ask("GET", f"{SLA}/default")
    assert (shipped["origin"], shipped["targets"]["critical"]["response"]) == ("shipped", "5m")
    ours = await client.ask("PUT", f"{SLA}/default", {"targets": {"low": {"response": "1h"}}})
    assert (ours["origin"], list(ours["targets"])) == ("api", ["low"])
    await client.ask("DELETE", f"{SLA}/default", status=204)
    assert (await client.ask("GET", f"{SLA}/default"))["targets"] == shipped["targets"]
    await client.ask("DELETE", f"{SLA}/default", status=404)


async def test_priorities_are_made_by_the_matrix_that_is_declared(client: Client) -> None:
    assert (await client.ask("GET", MATRIX))["cells"] == {}
    ticket = {"title": "Disks", "severity": "low", "impact": "low", "urgency": "low"}
    before = await client.ask("POST", "/api/v1/tickets", ticket, status=201)
    await client.ask("PUT", MATRIX, {"cells": {"low/low/low": "critical"}})
    after = await client.ask("POST", "/api/v1/tickets", ticket, status=201)
    assert (before["priority"], after["priority"]) == ("low", "critical")
    answer = await client.ask("PUT", MATRIX, {"cells": {"low": "high"}}, status=400)
    assert answer["errors"][0]["pointer"] == "/cells/low"
    await client.ask("DELETE", MATRIX, status=204)
    again = await client.ask("POST", "/api/v1/tickets", ticket, status=201)
    assert again["priority"] == "low"


@pytest.fixture
async def configured(database: str, tmp_path: Path) -> AsyncIterator[Client]:
    """A gateway whose configuration declares, once it has done so."""
    config = tmp_path / "gateway.toml"
    config.write_text(
        """
        http.listen = "127.0.0.1:0"
        [[sla]]
        name = "gold"
        [[projects]]
        key = "OPS"
        sla = "gold"
        [[fields]]
        name = "cost"
        type = "number"
        [[catalog]]
        name = "laptop"
        [[catalog]]
        name = "server"
        visible_to = ["ops"]
        [priority_matrix]
        "low/low/low" = "high"
        """
    )
    async with open_gateway(load(config), database, may_migrate=False) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}", headers={"X-Actor": "anna"}) as session:
            client = Client(session)
            client.routes = gateway.server.routes
            await eventually(client.ready)

            async def declared() -> bool:
                return bool((await client.ask("GET", "/api/v1/projects"))["items"])

            await eventually(declared)
            yield client


async def test_what_the_configuration_declares_is_read_only(configured: Client) -> None:
    for method, path, form in (
        ("PUT", f"{SLA}/gold", {"targets": {}}),
        ("DELETE", f"{SLA}/gold", None),
        ("PUT", MATRIX, {"cells": {}}),
        ("DELETE", MATRIX, None),
    ):
        answer = await configured.ask(method, path, form, status=409)
        assert answer["code"] == "declared_in_config", (method, path)


async def test_what_is_declared_is_listed(configured: Client) -> None:
    [project] = (await configured.ask("GET", "/api/v1/projects"))["items"]
    assert (project["key"], project["sla"], project["visibility"]) == ("OPS", "gold", "tenant")
    fields = (await configured.ask("GET", "/api/v1/fields"))["items"]
    assert fields[0]["name"] == "cost", "in its order, before those shipped"
    catalog = (await configured.ask("GET", "/api/v1/catalog"))["items"]
    assert [one["name"] for one in catalog] == ["laptop", "server"]
