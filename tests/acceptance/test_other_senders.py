"""Every other kind of sender, with recorded bodies: what it sends becomes a ticket."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness import Api, Gateway, installed
from tests.programs import PATIENCE_SECONDS

pytestmark = pytest.mark.acceptance

PAYLOADS = Path(__file__).parents[1] / "sources" / "payloads"

SETTINGS = """
[sources.pinger]
kind = "mapped"
status = { path = "event.status", map = { PROBLEM = "firing", OK = "resolved" } }
severity = { path = "event.severity", map = { Disaster = "critical" }, default = "medium" }
starts_at = { path = "event.ts", as = "epoch_s" }
labels = { alertname = "trigger.name", host = "host.name" }
annotations = { summary = "event.text" }
[[sources.pinger.examples]]
in = '{"event": {"status": "PROBLEM"}, "trigger": {"name": "Down"}}'
out = { status = "firing", labels = { alertname = "Down" } }
"""


@pytest.fixture(scope="module")
def gateway(directory: Path) -> Iterator[Gateway]:
    with installed(directory, SETTINGS) as one:
        one.start()
        yield one


def recorded(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_bytes())


@pytest.mark.parametrize(
    ("source", "fires", "ends", "labels", "priority"),
    [
        ("n9e", "n9e/v9_object", "n9e/v9_recovery", {"ident": "db-7"}, "medium"),
        ("grafana", "grafana/firing", "grafana/resolved", {"alertname": "Checkout slow"}, "medium"),
        ("pinger", "mapped/problem", "mapped/recovery", {"host": "router-3"}, "critical"),
    ],
    ids=["n9e", "grafana", "mapped"],
)
async def test_what_a_sender_reports_is_a_ticket_until_it_reports_the_end(
    api: Api, source: str, fires: str, ends: str, labels: dict[str, str], priority: str
) -> None:
    await api.send(source, recorded(fires))
    ticket = await api.sole_ticket("open", **labels)
    assert ticket["priority"] == priority
    assert [one["name"] for one in ticket["alerts"][0]["sources"]] == [source]
    await api.send(source, recorded(ends))
    resolved = await api.sole_ticket("resolved", **labels)
    assert (resolved["id"], resolved["history"][-1]["actor"]) == (ticket["id"], "system")


async def test_of_a_list_of_ones_own_each_alert_goes_its_way(api: Api) -> None:
    answer = await api.send("custom", recorded("custom/list"))
    assert (answer["accepted"], answer["rejected"]) == (2, [])
    ticket = await api.sole_ticket("open", alertname="BackupFailed")
    assert ticket["labels"]["host"] == "db-7"
    orphan = await api.alert(alertname="BackupFailed", host="db-8")
    assert orphan is not None
    assert (orphan["status"], orphan["last_outcome"]) == ("resolved", "orphan")


async def test_amtool_adds_an_alert(gateway: Gateway, api: Api, amtool_binary: Path) -> None:
    command = [amtool_binary, f"--alertmanager.url={gateway.url}", "alert", "add"]
    added = await asyncio.to_thread(
        subprocess.run,
        [*command, "alertname=ByHand", "team=db", "--annotation=summary=Added by hand"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert (added.returncode, added.stdout) == (0, ""), added.stderr
    ticket = await api.sole_ticket("open", alertname="ByHand")
    assert (ticket["title"], ticket["labels"]["team"]) == ("Added by hand", "db")
