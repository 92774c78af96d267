"""Processes of different roles on one PostgreSQL: together they are one gateway."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.clock import system_clock
from tests.acceptance.harness import Gateway, api_of, installed
from tests.programs import eventually

pytestmark = pytest.mark.acceptance


@pytest.fixture
def roles(tmp_path: Path, database: str) -> Iterator[dict[str, Gateway]]:
    """One process for each role, by its name."""
    with ExitStack() as stack:
        found = {}
        for role in ("intake", "api", "work"):
            directory = tmp_path / role
            directory.mkdir()
            settings = f'[postgres]\nurl = "{database}"\n'
            found[role] = stack.enter_context(installed(directory, settings))
            found[role].start("--roles", role)
        yield found


async def test_one_takes_in_one_answers_people_and_one_works_in_the_background(
    roles: dict[str, Gateway],
) -> None:
    async with api_of(roles["intake"].url) as intake, api_of(roles["api"].url) as people:
        soon = (system_clock() + timedelta(seconds=5)).isoformat()
        alert = {"labels": {"alertname": "Leased"}, "endsAt": soon}
        await intake.post("/api/v2/alerts", [alert])
        await people.sole_ticket("open", alertname="Leased")
        await intake.send("custom", {"labels": {"alertname": "Other"}})

        async def is_over() -> bool:
            """Only a worker ends a lease; the source was heard since."""
            await intake.post("/api/v2/alerts", [{"labels": {"alertname": "Heard"}}])
            found = await people.alert(alertname="Leased")
            return found is not None and found["status"] == "expired"

        await eventually(is_over)


async def test_what_a_process_is_not_for_is_not_there(roles: dict[str, Gateway]) -> None:
    for role, one in roles.items():
        async with api_of(one.url) as api:
            taken = {"labels": {"alertname": "X"}}
            status = 200 if role == "intake" else 404
            await api.ask("POST", "/api/v1/intake/custom", taken, status=status)
            await api.ask("GET", "/api/v1/tickets", status=200 if role == "api" else 404)
            for path in ("/-/healthy", "/-/ready", "/metrics"):
                async with api.session.get(path) as response:
                    assert response.status == 200


async def test_only_who_takes_in_has_a_journal(roles: dict[str, Gateway]) -> None:
    have = {role for role, one in roles.items() if (one.data_dir / "journal").exists()}
    assert have == {"intake"}
