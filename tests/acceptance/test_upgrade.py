"""Old and new side by side on one database, as in a rollout, and as in one that is taken back."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from gateway.clock import system_clock
from tests.acceptance.harness import Api, Gateway, api_of, installed
from tests.acceptance.older import older_environment
from tests.acceptance.peers import Receiver, receiver
from tests.programs import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.acceptance

SETTINGS = """
[postgres]
url = "{database}"
[[rules]]
name = "teams"
match = '{{team!=""}}'
group_by = ["team"]
[[webhooks]]
name = "told"
url = "{receiver}"
events = ["ticket.created", "ticket.reopened", "ticket.resolved"]
"""
ENTRY = "tenant_id, kind, object_id, sequence"
Entry = tuple[int, str, str, int]
TOLD = ["ticket.created"] + ["ticket.resolved", "ticket.reopened"] * 2 + ["ticket.resolved"]
"""Of each ticket with a whole life, in this order."""


@dataclass(slots=True)
class Alert:
    """One that Prometheus sends, if it says since when it fires; else somebody's own sender."""

    labels: Mapping[str, str]
    began: datetime | None = None

    async def fire(self, api: Api) -> None:
        """For the first time, or again."""
        if self.began is None:
            await api.send("custom", {"labels": self.labels})
        else:
            await self._by_prometheus(api, system_clock() + timedelta(hours=1))

    async def end(self, api: Api) -> None:
        if self.began is None:
            await api.send("custom", {"labels": self.labels, "status": "resolved"})
        else:
            await self._by_prometheus(api, system_clock())
            self.began = system_clock()

    async def _by_prometheus(self, api: Api, ends_at: datetime) -> None:
        assert self.began is not None
        times = {"startsAt": self.began.isoformat(), "endsAt": ends_at.isoformat()}
        await api.post("/api/v2/alerts", [{"labels": self.labels, "annotations": {}, **times}])


@dataclass(slots=True)
class Pair:
    """Two gateways on one database, and what became of everything that was told them."""

    first: Gateway
    second: Gateway
    apis: tuple[Api, Api]
    receiver: Receiver
    statuses: dict[str, str] = field(default_factory=dict)
    """Of every ticket that there must be, by its team."""

    async def start(self, one: Gateway, environment: Mapping[str, str] | None) -> None:
        one.environment = environment
        await asyncio.to_thread(one.start)

    async def tell_a_life(self, team: str, one: Api, other: Api) -> None:
        """Of one ticket with two alerts: whatever *one* is told *other* shows."""
        disk = Alert({"alertname": "Disk", "team": team}, system_clock())
        network = Alert({"alertname": "Network", "team": team})
        await disk.fire(one)
        ticket = (await other.sole_ticket("open", team=team))["id"]
        await network.fire(other)
        await shown(one, ticket, status="open", firing=2)
        for api in (one, other, one, other):
            await disk.fire(api)
            await network.fire(api)
        await shown(other, ticket, status="open", occurrences=10)

        await step(one, ticket, "in_progress")
        await shown(other, ticket, status="in_progress", firing=2)
        await disk.end(other)
        await shown(one, ticket, status="in_progress", firing=1)
        await network.end(one)
        await shown(other, ticket, status="resolved", firing=0)

        await disk.fire(one)
        await shown(other, ticket, status="in_progress", firing=1, flaps=1)
        await step(other, ticket, "resolved")
        await disk.fire(one)
        await shown(other, ticket, status="resolved", occurrences=14)
        await step(one, ticket, "in_progress")
        await shown(other, ticket, status="in_progress", firing=1)
        await disk.end(other)
        await shown(one, ticket, status="resolved", firing=0)
        await self._is_told(ticket, TOLD)
        self.statuses[team] = "resolved"

    async def tell_of_a_silence(self, team: str, one: Api, other: Api) -> None:
        """What it held has its ticket when it ends."""
        silence = {"matchers": f'{{team="{team}"}}', "ends_at": "2100-01-01T00:00:00Z"}
        made = await one.post("/api/v1/silences", silence, status=201)
        alert = Alert({"alertname": "Disk", "team": team}, system_clock())
        await alert.fire(other)
        await eventually(lambda: is_silenced(one, team, made["id"]))
        assert await one.tickets(team=team) == []
        await other.ask("DELETE", f"/api/v1/silences/{made['id']}", status=204)
        await one.sole_ticket("open", team=team)
        self.statuses[team] = "open"

    async def _is_told(self, ticket: str, types: list[str]) -> None:
        async def told() -> bool:
            assert self.receiver.types_of(ticket) == types
            return True

        await eventually(told)


async def at_once(*stories: Coroutine[None, None, None]) -> None:
    async with asyncio.TaskGroup() as group:
        for story in stories:
            group.create_task(story)


async def step(api: Api, ticket: str, to: str) -> None:
    await api.post(f"/api/v1/tickets/{ticket}/transitions", {"to": to})


async def shown(api: Api, ticket: str, **expected: object) -> None:
    async def look() -> bool:
        found = await api.ticket(ticket)
        assert {name: found[name] for name in expected} == expected
        return True

    await eventually(look)


async def is_silenced(api: Api, team: str, silence: str) -> bool:
    alert = await api.alert(team=team)
    return alert is not None and alert["silenced_by"] == [silence]


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment in which a gateway is the older one."""
    return older_environment(tmp_path_factory.mktemp("older"))


@pytest.fixture
def told() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@pytest.fixture
async def pair(tmp_path: Path, empty_database: str, told: Receiver) -> AsyncIterator[Pair]:
    settings = SETTINGS.format(database=empty_database, receiver=told.url)
    with ExitStack() as stack:
        gateways = []
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            gateways.append(stack.enter_context(installed(tmp_path / name, settings)))
        first, second = gateways
        async with AsyncExitStack() as sessions:
            here = await sessions.enter_async_context(api_of(first.url))
            there = await sessions.enter_async_context(api_of(second.url))
            yield Pair(first, second, (here, there), told)


@pytest.mark.parametrize("begins", ["old", "new"])
async def test_either_goes_on_with_what_the_other_wrote_and_nothing_is_lost_or_ended(
    pair: Pair, older: Mapping[str, str], empty_database: str, begins: str
) -> None:
    """The first makes the schema and is alone with it; the second comes; the first is replaced."""
    old, new = (older, None) if begins == "old" else (None, older)
    here, there = pair.apis
    await pair.start(pair.first, old)
    await at_once(pair.tell_a_life("alone", here, here), pair.tell_of_a_silence("kept", here, here))

    await pair.start(pair.second, new)
    before = await histories(empty_database)
    await at_once(
        pair.tell_a_life("from first to second", here, there),
        pair.tell_a_life("from second to first", there, here),
        pair.tell_of_a_silence("held by first", here, there),
        pair.tell_of_a_silence("held by second", there, here),
    )

    await Alert({"alertname": "Late", "team": "taken in by first"}).fire(here)
    pair.first.program.kill()
    await pair.start(pair.first, new)
    await there.sole_ticket("open", team="taken in by first")
    pair.statuses["taken in by first"] = "open"
    await pair.tell_a_life("after first", here, there)
    for api in pair.apis:
        assert await statuses(api) == pair.statuses
    await assert_sound(empty_database, pair.second.config, before)


async def statuses(api: Api) -> dict[str, str]:
    found = await api.tickets()
    assert len({one["labels"]["team"] for one in found}) == len(found)
    return {one["labels"]["team"]: one["status"] for one in found}


async def assert_sound(database: str, config: Path, before: set[Entry]) -> None:
    """What the rows themselves say, whoever wrote them. *before*: written when the schema was as
    the first one had made it.
    """
    done = await asyncio.to_thread(audit, config)
    assert done.returncode == 0, done.stdout + done.stderr
    connection = await asyncpg.connect(database)
    try:
        assert await connection.fetch("SELECT source, reason, error FROM dead_letters") == []
        assert await connection.fetch("SELECT * FROM outbox WHERE state = 'failed'") == []
        assert await connection.fetch(SEVERAL_LIVE) == []
        if await connection.fetchval(HAS_PLACES):
            without = {tuple(row) for row in await connection.fetch(WITHOUT_PLACE)}
            assert without <= before
    finally:
        await connection.close()


async def histories(database: str) -> set[Entry]:
    """What there is of all of them."""
    connection = await asyncpg.connect(database)
    try:
        return {tuple(row) for row in await connection.fetch(f"SELECT {ENTRY} FROM history")}
    finally:
        await connection.close()


def audit(config: Path) -> "subprocess.CompletedProcess[str]":
    """By the new one, which must be able to read what the old one wrote."""
    command = [sys.executable, "-m", "gateway", "audit", "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


SEVERAL_LIVE = """
SELECT tenant_id, merge_key FROM tickets
WHERE merge_key IS NOT NULL AND status IN ('open', 'in_progress', 'pending')
GROUP BY tenant_id, merge_key HAVING count(*) > 1
"""
HAS_PLACES = """
SELECT count(*) FROM information_schema.columns
WHERE table_name = 'history' AND column_name = 'applied'
"""
WITHOUT_PLACE = f"SELECT {ENTRY} FROM history WHERE (applied > 0) IS NOT TRUE"
"""The older one does not know of the feed, and its rows have their place there all the same."""
