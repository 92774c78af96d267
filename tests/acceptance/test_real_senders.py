"""A real Prometheus and a real Alertmanager: repeats, ends, silences and being away."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import system_clock
from tests.acceptance.harness import Api, Gateway, Json, installed
from tests.acceptance.peers import (
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


@pytest.fixture(scope="module")
def rules(
    gateway: Gateway, directory: Path, prometheus_binary: Path, alertmanager_binary: Path
) -> Iterator[Switches]:
    """What is switched on fires in Prometheus, which tells the gateway and the Alertmanager."""
    with (
        switches() as target,
        alertmanager_for(alertmanager_binary, directory, gateway.url) as alertmanager,
        alerting_prometheus(
            prometheus_binary,
            directory,
            target,
            [gateway.target, alertmanager.url.removeprefix("http://")],
        ),
    ):
        yield target


async def test_an_alert_that_comes_on_two_ways_is_one_ticket_from_first_to_last(
    rules: Switches, api: Api
) -> None:
    rules.turn_on(problem="disk", severity="critical", via="alertmanager")

    async def comes_on_both_ways() -> Json | None:
        alert = await api.alert(problem="disk")
        return alert if alert and sources_of(alert) == ["alertmanager", "prometheus"] else None

    alert = await eventually(comes_on_both_ways)
    ticket = await api.sole_ticket("open", problem="disk")
    assert (ticket["priority"], ticket["title"]) == ("critical", "disk is switched on")
    assert [one["fingerprint"] for one in ticket["alerts"]] == [alert["fingerprint"]]

    async def has_been_repeated() -> bool:
        now = await api.alert(problem="disk")
        return now is not None and now["occurrences"] >= alert["occurrences"] + 4

    await eventually(has_been_repeated)
    repeated = await api.sole_ticket("open", problem="disk")
    assert (repeated["version"], repeated["history"]) == (ticket["version"], ticket["history"])
    assert repeated["episodes"] == 1

    rules.turn_off(problem="disk", severity="critical", via="alertmanager")
    resolved = await api.sole_ticket("resolved", problem="disk")
    assert resolved["history"][-1]["actor"] == "system"
    assert (resolved["firing"], resolved["alerts"][0]["status"]) == (0, "resolved")

    rules.turn_on(problem="disk", severity="critical", via="alertmanager")
    reopened = await api.sole_ticket("open", problem="disk")
    assert reopened["id"] == ticket["id"]
    assert (reopened["flaps"], reopened["episodes"]) == (1, 2)
    assert steps_of(reopened) == [
        ("system", None, "open"),
        ("system", "open", "resolved"),
        ("system", "resolved", "open"),
    ]


async def test_a_silenced_alert_makes_no_ticket_until_its_silence_ends(
    rules: Switches, api: Api
) -> None:
    await silence(api, '{problem="late", severity!="critical"}', timedelta(seconds=6))
    deleted = await silence(api, '{problem="deleted"}', timedelta(hours=1))
    rules.turn_on(problem="late")
    rules.turn_on(problem="deleted")

    async def is_counted(problem: str) -> Json | None:
        alert = await api.alert(problem=problem)
        return alert if alert and alert["occurrences"] >= 2 else None

    held = await eventually(lambda: is_counted("deleted"))
    assert (held["last_outcome"], held["ticket_id"]) == ("silenced", None)
    assert held["silenced_by"] == [deleted["id"]]
    assert await api.tickets(problem="deleted") == []
    also_held = await eventually(lambda: is_counted("late"))
    assert (also_held["last_outcome"], also_held["ticket_id"]) == ("silenced", None)

    await api.ask("DELETE", f"/api/v1/silences/{deleted['id']}", status=204)
    asked_at = system_clock()
    ticket = await api.sole_ticket("open", problem="deleted")
    assert opened_after(ticket, asked_at) < timedelta(seconds=3)
    ended = (await api.get("/api/v1/silences", state="active"))["items"]
    late = next(one for one in ended if "late" in one["matchers"])
    ticket = await api.sole_ticket("open", problem="late")
    ends_at = datetime.fromisoformat(late["ends_at"])
    assert timedelta() <= opened_after(ticket, ends_at) < timedelta(seconds=3)


async def silence(api: Api, matchers: str, lasts: timedelta) -> Json:
    body = {"matchers": matchers, "ends_at": (system_clock() + lasts).isoformat()}
    made: Json = await api.post("/api/v1/silences", body, status=201)
    return made


def opened_after(ticket: Json, moment: datetime) -> timedelta:
    return datetime.fromisoformat(ticket["created_at"]).astimezone(UTC) - moment


def sources_of(alert: Json) -> list[str]:
    return sorted(source["name"] for source in alert["sources"])


def steps_of(ticket: Json) -> list[tuple[str, str | None, str]]:
    """Who moved it from where to where."""
    return [
        (entry["actor"], entry["from"], entry["to"])
        for entry in ticket["history"]
        if entry["field"] == "status"
    ]
