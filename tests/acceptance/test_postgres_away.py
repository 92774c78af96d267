"""A PostgreSQL of one's own that dies, hangs, or is not there yet: alerts are taken in and kept."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.storage.embedded import PrivatePostgres, open_private_postgres
from tests.acceptance.harness import Api, Gateway, installed
from tests.acceptance.load import Load, check, has_all, ledger
from tests.programs import eventually

pytestmark = pytest.mark.acceptance

MAX_BYTES = 60_000
N9E = {"hash": "5e1f0c9a", "rule_name": "Disk", "tags": ["host=db-1"], "first_trigger_time": 1}


@pytest.fixture
def own_directory(directory: Path, request: pytest.FixtureRequest) -> Path:
    """Of one test."""
    made = directory / str(abs(hash(request.node.name)))
    made.mkdir(mode=0o711)
    return made


@pytest.fixture
async def postgres(own_directory: Path) -> AsyncIterator[PrivatePostgres]:
    async with open_private_postgres(own_directory / "elsewhere", progress=print) as server:
        yield server


@pytest.fixture
def gateway(own_directory: Path, postgres: PrivatePostgres) -> Iterator[Gateway]:
    """Not started."""
    with installed(own_directory, f'[postgres]\nurl = "{postgres.url}"\n') as one:
        yield one


async def test_while_postgresql_is_away_everything_is_taken_and_then_applied_exactly_once(
    gateway: Gateway, api: Api, postgres: PrivatePostgres
) -> None:
    await asyncio.to_thread(gateway.start)
    load = Load(gateway.url)
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        await eventually(load.more(100))
        await eventually(lambda: is_available(api, 1))
        kill(postgres)
        await eventually(load.more(300))
        await reads_are_put_off(api)
        await eventually(lambda: is_available(api, 0))
        await postgres.revive()
        await eventually(load.more(100))
        signal_all(postgres, signal.SIGSTOP)  # and now it hangs: connected, but no answer comes
        await eventually(load.more(300))
        signal_all(postgres, signal.SIGCONT)
        await eventually(load.more(100))
        load.stopping = True
    await eventually(has_all(postgres.url, load))
    assert [one for one in load.requests if one.status != 200] == []
    check(load, await ledger(postgres.url))


async def test_a_gateway_that_starts_without_postgresql_takes_in_up_to_its_bound(
    gateway: Gateway, api: Api, postgres: PrivatePostgres
) -> None:
    kill(postgres)
    bounds = f"[journal]\nmax_bytes = {MAX_BYTES}\nsegment_bytes = {MAX_BYTES}\n"
    gateway.configure(f'{bounds}[postgres]\nurl = "{postgres.url}"\n')
    await asyncio.to_thread(gateway.start)
    await reads_are_put_off(api)
    taken = 0
    while await status_of(api, "custom", full_of(f"a{taken}")) == 200:
        taken += 1
    assert taken > 3
    assert await status_of(api, "custom", full_of("more")) == 503
    assert await status_of(api, "alertmanager", {"alerts": [full_of("more")]}) == 503
    assert await status_of(api, "n9e", {**N9E, "rule_note": "x" * 10_000}) == 429
    await api.ask("GET", "/-/ready", status=503)

    await postgres.revive()

    async def is_taking_in_again() -> bool:
        return await status_of(api, "custom", full_of("last")) == 200

    await eventually(is_taking_in_again)
    ticket = await api.sole_ticket("open", alertname="last")
    assert ticket["occurrences"] == 1
    found = {one["labels"]["alertname"] for one in await api.tickets()}
    assert found == {"last", *(f"a{number}" for number in range(taken))}


async def is_available(api: Api, value: int) -> bool:
    return await api.metric("ledger_available") == value


def full_of(name: str) -> dict[str, object]:
    return {"labels": {"alertname": name}, "annotations": {"description": "x" * 2_000}}


async def status_of(api: Api, source: str, body: object) -> int:
    async with api.session.post(f"/api/v1/intake/{source}", json=body) as response:
        assert response.status == 200 or int(response.headers["Retry-After"]) >= 1
        return response.status


async def reads_are_put_off(api: Api) -> None:
    async with api.session.get("/api/v1/tickets") as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) >= 1
        assert (await response.json())["code"] == "postgres_unavailable"


def kill(postgres: PrivatePostgres) -> None:
    """Its other processes end when they see that the first one is gone."""
    os.kill(postgres.pid, signal.SIGKILL)


def signal_all(postgres: PrivatePostgres, number: signal.Signals) -> None:
    pid = postgres.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    for each in (pid, *map(int, children)):
        os.kill(each, number)
