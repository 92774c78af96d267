"""Several gateways on one PostgreSQL and one Redis: no leader, no fight, one ticket a problem."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.storage.postgres.schema.migrate import SHIPPED, migrate, read_migrations
from tests.acceptance.harness import Api, Gateway, api_of, installed
from tests.programs import PATIENCE_SECONDS, answers_at_all, answers_ready, eventually, redis

pytestmark = pytest.mark.acceptance

FLUSH = 'flush_interval = "2s"\nanswer_within = "60s"'
"""Counts are exact as long as Redis is heard, which a busy machine must not spoil."""
GROUPED = '[[rules]]\nname = "all"\ngroup_by = ["team"]\nwindow = "1h"\n'
TIMES = 20


class Replicas:
    """Two gateways, each with a disk of its own."""

    def __init__(self, gateways: list[Gateway], apis: list[Api]) -> None:
        self.gateways, self.apis = gateways, apis

    async def send(self, number: int, **labels: str) -> None:
        """To one of them in turn."""
        alert: Any = {"labels": labels, "startsAt": "2026-01-01T00:00:00Z"}
        await self.apis[number % 2].send("custom", alert)

    async def metric(self, name: str) -> float:
        return sum([await api.metric(name) for api in self.apis])


@pytest.fixture
def gateways(tmp_path: Path) -> Iterator[list[Gateway]]:
    """Neither configured nor started."""
    with ExitStack() as stack:
        found = []
        for name in "ab":
            (tmp_path / name).mkdir()
            found.append(stack.enter_context(installed(tmp_path / name)))
        yield found


@pytest.fixture
async def replicas(gateways: list[Gateway]) -> AsyncIterator[Replicas]:
    async with AsyncExitStack() as stack:
        apis = [await stack.enter_async_context(api_of(one.url)) for one in gateways]
        yield Replicas(gateways, apis)


async def start(
    gateways: list[Gateway], *settings: str, is_ready: Callable[[str], bool] = answers_ready
) -> None:
    for one, text in zip(gateways, settings, strict=True):
        one.configure(text)
    starts = (asyncio.to_thread(one.start, is_ready=is_ready) for one in gateways)
    await asyncio.gather(*starts)


def on(database: str, cache: str = "") -> str:
    section = f'[redis]\nurl = "{cache}"\n{FLUSH}\n' if cache else ""
    return f'[postgres]\nurl = "{database}"\n{section}'


async def counted(api: Api, times: int, **labels: str) -> None:
    async def look() -> bool:
        assert [one["occurrences"] for one in await api.tickets(**labels)] == [times]
        return True

    await eventually(look)


async def test_what_reaches_both_in_turn_is_one_ticket_and_every_repeat_counts_once(
    replicas: Replicas, database: str, redis_url: str
) -> None:
    await start(replicas.gateways, *[on(database, redis_url)] * 2)
    for number in range(TIMES):
        await replicas.send(number, alertname="Shared")
        if number < 2:  # each has seen it before it is held
            await counted(replicas.apis[0], number + 1, alertname="Shared")
    await counted(replicas.apis[0], TIMES, alertname="Shared")
    assert await replicas.metric("sightings_held_total") > 0


async def test_redis_killed_and_back_empty_makes_no_second_ticket(
    replicas: Replicas, database: str, redis_binary: Path, tmp_path: Path
) -> None:
    with redis(redis_binary, tmp_path) as cache:
        await start(replicas.gateways, *[on(database, cache.url)] * 2)
        await replicas.send(0, alertname="Lasting")
        await replicas.apis[0].sole_ticket("open", alertname="Lasting")
        await asyncio.to_thread(cache.kill)
        for number in range(TIMES):
            await replicas.send(number, alertname="Lasting")
        await counted(replicas.apis[0], TIMES + 1, alertname="Lasting")
        assert await replicas.metric("redis_available") == 0
        port = int(cache.url.rpartition(":")[2])
        with redis(redis_binary, tmp_path, port=port):

            async def is_back() -> bool:
                await replicas.send(0, alertname="Lasting")
                await replicas.send(1, alertname="Lasting")
                return await replicas.metric("redis_available") == 2

            await eventually(is_back)
            await replicas.apis[1].sole_ticket("open", alertname="Lasting")


async def test_a_person_who_ends_a_ticket_is_heard_by_all_though_repeats_are_held(
    replicas: Replicas, database: str, redis_url: str
) -> None:
    await start(replicas.gateways, *[on(database, redis_url)] * 2)
    here, there = replicas.apis
    for number in range(TIMES):
        await replicas.send(number, alertname="Acknowledged")
    ticket = await here.sole_ticket("open", alertname="Acknowledged")
    await there.post(f"/api/v1/tickets/{ticket['id']}/transitions", {"to": "resolved"})
    for number in range(TIMES):
        await replicas.send(number, alertname="Acknowledged")

    async def is_quiet() -> bool:
        alert = await here.alert(alertname="Acknowledged")
        return alert is not None and alert["occurrences"] == 2 * TIMES

    await eventually(is_quiet)
    assert len(await here.tickets(alertname="Acknowledged")) == 1
    await here.sole_ticket("resolved", alertname="Acknowledged")


async def test_replicas_of_two_configurations_do_not_fight_over_an_alert(
    replicas: Replicas, database: str, redis_url: str
) -> None:
    """As for the length of a rollout: one groups by team, the other knows no such rule."""
    one = on(database, redis_url)
    await start(replicas.gateways, one, one + GROUPED)
    for number in range(TIMES):
        await replicas.send(number, alertname="Rolled", team="db")
    here = replicas.apis[0]
    # A group's ticket has the group's labels only, and either may have been the first.
    await counted(here, TIMES, team="db")
    ticket = await here.sole_ticket("open", team="db")
    detail = await here.ticket(ticket["id"])
    assert [entry["to"] for entry in detail["history"] if entry["field"] == "status"] == ["open"]
    assert await replicas.metric("ledger_retries_total") <= 2


@pytest.mark.parametrize("older", ["no schema", "one migration less"])
async def test_with_an_older_schema_alerts_are_taken_in_and_wait_for_the_migration(
    gateways: list[Gateway],
    replicas: Replicas,
    empty_database: str,
    tmp_path: Path,
    older: str,
) -> None:
    if older != "no schema":
        await migrate(empty_database, progress=print, migrations=all_but_the_last(tmp_path / "sql"))
    setting = f'[postgres]\nurl = "{empty_database}"\nmigrate = false\n'
    await start(gateways, setting, setting, is_ready=answers_at_all)
    for number in range(4):
        await replicas.send(number, alertname="Early", n=str(number))
    for one in gateways:
        assert "run `alert-gateway migrate`" in one.log.read_text()
    assert await replicas.metric("ledger_available") == 0
    await migrate(empty_database, progress=print)
    for number in range(4):
        await replicas.apis[0].sole_ticket("open", n=str(number))


def all_but_the_last(directory: Path) -> Path:
    """A copy of the shipped migrations as they were one earlier."""
    directory.mkdir()
    for migration in read_migrations(SHIPPED)[:-1]:
        (directory / migration.name).write_text(migration.sql, "utf-8")
    return directory


async def test_a_schema_newer_than_the_program_is_no_hindrance(
    replicas: Replicas, database: str, owner: asyncpg.Connection
) -> None:
    await owner.execute("ALTER TABLE strands ADD COLUMN of_a_later_release text")
    found = await owner.fetchrow("SELECT * FROM schema_migrations ORDER BY number DESC LIMIT 1")
    later = {**found, "number": found["number"] + 1, "name": "later.sql"}
    names = ", ".join(later)
    places = ", ".join(f"${number}" for number in range(1, len(later) + 1))
    await owner.execute(
        f"INSERT INTO schema_migrations ({names}) VALUES ({places})", *later.values()
    )
    await start(replicas.gateways, *[on(database)] * 2)
    for number in range(4):
        await replicas.send(number, alertname="Newer")
    await counted(replicas.apis[0], 4, alertname="Newer")


async def test_a_second_gateway_on_the_port_of_several_processes_is_refused(
    gateways: list[Gateway], database: str
) -> None:
    first, second = gateways
    text = f"http.workers = 2\n{on(database)}"
    first.configure(text)
    await asyncio.to_thread(first.start)
    second.target = first.target
    second.configure(text)
    command = [sys.executable, "-m", "gateway", "serve", "--config", second.config]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 1
    assert "ddress already in use" in done.stderr
