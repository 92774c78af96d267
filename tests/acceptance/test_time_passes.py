"""A real Prometheus, and what time brings about: silences that end, leases that run out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import system_clock
from tests.acceptance.harness import Api, Gateway, Json, installed
from tests.acceptance.peers import Prometheus, Switches, alerting_prometheus, switches
from tests.programs import eventually

pytestmark = pytest.mark.acceptance

SOON = timedelta(seconds=20)
"""A second on an idle machine."""


@pytest.fixture(scope="module")
def gateway(directory: Path) -> Iterator[Gateway]:
    """Started for the second time: the first was killed before anything had come."""
    with installed(directory) as one:
        one.start()
        one.program.kill()
        one.start()
        yield one


@dataclass(slots=True)
class Sender:
    """A Prometheus that speaks to the gateway only, and what it scrapes."""

    prometheus: Prometheus
    target: Switches


@pytest.fixture(scope="module")
def sender(gateway: Gateway, directory: Path, prometheus_binary: Path) -> Iterator[Sender]:
    with (
        switches() as target,
        alerting_prometheus(prometheus_binary, directory, target, [gateway.target]) as prometheus,
    ):
        yield Sender(prometheus, target)


async def test_what_a_silence_held_and_still_fires_has_its_ticket_when_it_ends(
    sender: Sender, api: Api
) -> None:
    ending = await silence(api, '{problem="ending", severity!="critical"}')
    deleted = await silence(api, '{problem=~"del.*"}')
    sender.target.turn_on(problem="ending")
    sender.target.turn_on(problem="deleted")

    async def counted(problem: str) -> Json | None:
        alert = await api.alert(problem=problem)
        return alert if alert and alert["occurrences"] >= 2 else None

    for problem, holding in (("ending", ending), ("deleted", deleted)):
        held = await eventually(lambda name=problem: counted(name))
        assert (held["status"], held["last_outcome"]) == ("firing", "silenced")
        assert (held["ticket_id"], held["silenced_by"]) == (None, [holding["id"]])
    assert await api.tickets() == []

    asked_at = system_clock()
    await api.ask("DELETE", f"/api/v1/silences/{deleted['id']}", status=204)
    ticket = await api.sole_ticket("open", problem="deleted")
    assert timedelta() <= created_at(ticket) - asked_at < SOON

    ends_at = system_clock() + timedelta(seconds=1)
    edited = {"ends_at": ends_at.isoformat()}
    await api.ask("PATCH", f"/api/v1/silences/{ending['id']}", edited)
    ticket = await api.sole_ticket("open", problem="ending")
    assert timedelta() <= created_at(ticket) - ends_at < SOON


async def test_an_alert_that_its_source_reports_no_more_is_over_after_its_lease(
    sender: Sender, api: Api
) -> None:
    sender.target.turn_on(problem="forgotten", fleeting="yes")
    sender.target.turn_on(problem="lasting")
    await api.sole_ticket("open", problem="forgotten")
    lasting = await api.sole_ticket("open", problem="lasting")
    sender.prometheus.forget_fleeting_rule()
    async with api.session.post(f"{sender.prometheus.program.url}/-/reload") as reloaded:
        assert reloaded.status == 200

    resolved = await api.sole_ticket("resolved", problem="forgotten")
    assert resolved["history"][-1]["actor"] == "system"
    assert resolved["alerts"][0]["status"] == "expired"
    now = await api.ticket(lasting["id"])
    assert (now["status"], now["firing"], now["unconfirmed"]) == ("open", 1, 0)


async def test_while_a_source_itself_is_silent_its_tickets_stay_live_and_unconfirmed(
    sender: Sender, api: Api
) -> None:
    sender.target.turn_on(problem="unheard")
    ticket = await api.sole_ticket("open", problem="unheard")
    sender.prometheus.program.kill()

    async def is_unconfirmed() -> Json | None:
        now = await api.ticket(ticket["id"])
        return now if now["unconfirmed"] else None

    unconfirmed = await eventually(is_unconfirmed)
    assert (unconfirmed["status"], unconfirmed["firing"]) == ("open", 0)
    assert unconfirmed["alerts"][0]["status"] == "expired"
    assert unconfirmed["history"] == ticket["history"]


async def silence(api: Api, matchers: str) -> Json:
    body = {"matchers": matchers, "ends_at": (system_clock() + timedelta(hours=1)).isoformat()}
    made: Json = await api.post("/api/v1/silences", body, status=201)
    return made


def created_at(ticket: Json) -> datetime:
    return datetime.fromisoformat(ticket["created_at"]).astimezone(UTC)
