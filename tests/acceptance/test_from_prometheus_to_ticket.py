"""A rule in a real Prometheus, a real Alertmanager beside it, and what becomes of their alerts."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.acceptance.harness import Api, Gateway, Json, installed, metric
from tests.acceptance.peers import (
    LEASE_SECONDS,
    Prometheus,
    Switches,
    alerting_prometheus,
    alertmanager_for,
    switches,
)
from tests.programs import eventually

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def gateway(directory: Path) -> Iterator[Gateway]:
    with installed(directory) as one:
        one.start()
        yield one


@dataclass(slots=True)
class Sender:
    """A Prometheus that sends to the gateway and to an Alertmanager, and what it scrapes."""

    prometheus: Prometheus
    target: Switches


@pytest.fixture(scope="module")
def sender(
    gateway: Gateway, directory: Path, prometheus_binary: Path, alertmanager_binary: Path
) -> Iterator[Sender]:
    with (
        switches() as target,
        alertmanager_for(alertmanager_binary, directory, gateway.url) as passing_on,
        alerting_prometheus(
            prometheus_binary,
            directory,
            target,
            [gateway.target, passing_on.url.removeprefix("http://")],
        ) as prometheus,
    ):
        yield Sender(prometheus, target)


@pytest.fixture
def target(sender: Sender) -> Switches:
    return sender.target


async def test_one_problem_that_arrives_twice_is_one_ticket_through_its_whole_life(
    api: Api, target: Switches
) -> None:
    labels = {"problem": "disk", "via": "alertmanager"}
    target.turn_on(**labels)
    ticket = await api.sole_ticket("open", **labels)

    async def both_report() -> Json | None:
        alert = await api.alert(**labels)
        names = {source["name"] for source in alert["sources"]} if alert else set()
        return alert if names == {"prometheus", "alertmanager"} else None

    counted = (await eventually(both_report))["occurrences"]

    async def counts_on() -> bool:
        alert = await api.alert(**labels)
        return alert is not None and alert["occurrences"] >= counted + 3

    await eventually(counts_on)
    repeated = await api.sole_ticket("open", **labels)
    unmoved = ("id", "version", "episodes", "history", "updated_at")
    assert [repeated[name] for name in unmoved] == [ticket[name] for name in unmoved]

    target.turn_off(**labels)
    resolved = await api.sole_ticket("resolved", **labels)
    assert resolved["history"][-1]["actor"] == "system"

    target.turn_on(**labels)
    reopened = await api.sole_ticket("open", **labels)
    assert (reopened["id"], reopened["flaps"], reopened["episodes"]) == (ticket["id"], 1, 2)


async def test_a_silenced_alert_is_counted_and_gets_its_ticket_when_the_silence_is_deleted(
    api: Api, target: Switches
) -> None:
    silence = await api.post(
        "/api/v1/silences",
        {"matchers": '{problem="cooling"}', "ends_at": "2100-01-01T00:00:00Z"},
        status=201,
    )
    target.turn_on(problem="cooling")

    async def is_silenced() -> Json | None:
        alert = await api.alert(problem="cooling")
        return alert if alert and alert["occurrences"] >= 2 else None

    alert = await eventually(is_silenced)
    assert (alert["silenced_by"], alert["ticket_id"]) == ([silence["id"]], None)
    why = await api.get(f"/api/v1/alerts/{alert['fingerprint']}/explain")
    assert why["items"][0]["outcome"] == "silenced"
    assert [one["id"] for one in why["items"][0]["silenced_by"]] == [silence["id"]]

    await api.ask("DELETE", f"/api/v1/silences/{silence['id']}", status=204)
    assert (await api.sole_ticket("open", problem="cooling"))["firing"] == 1


async def test_a_gateway_that_was_away_for_two_leases_resolves_nothing_falsely(
    gateway: Gateway, api: Api, sender: Sender
) -> None:
    sender.target.turn_on(problem="link")
    ticket = await api.sole_ticket("open", problem="link")
    counted = (await api.alert(problem="link") or {})["occurrences"]
    missed = await not_heard(sender, gateway)
    assert await asyncio.to_thread(gateway.program.stop) == 0

    async def two_leases_are_over() -> bool:
        """Every second Prometheus tries again."""
        return await not_heard(sender, gateway) >= missed + 2 * LEASE_SECONDS + 1

    await eventually(two_leases_are_over)
    await asyncio.to_thread(gateway.start)

    async def is_heard_again() -> bool:
        alert = await api.alert(problem="link")
        return alert is not None and alert["occurrences"] > counted + 6

    await eventually(is_heard_again)
    found = await api.ticket(ticket["id"])
    assert [entry["to"] for entry in found["history"]] == ["open"]
    assert found["status"] == "open"


async def not_heard(sender: Sender, gateway: Gateway) -> float:
    """How many of its tries to tell the gateway have failed."""
    async with (
        ClientSession() as session,
        session.get(f"{sender.prometheus.program.url}/metrics") as answer,
    ):
        text = await answer.text()
    address = {"alertmanager": f"{gateway.url}/api/v2/alerts"}
    return metric(text, "prometheus_notifications_errors_total", address)
