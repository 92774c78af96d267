"""Who sees which ticket: the predicate of queries and the look at one ticket say the same."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.access.permission import ProjectRole, Role
from gateway.access.principal import Principal
from gateway.alerts.severity import Severity
from gateway.storage.postgres.kernel.connect import create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.rows import TICKETS
from gateway.storage.postgres.kernel.tables import tickets
from gateway.storage.postgres.queries.visibility import visible
from gateway.tickets.ticket import Ticket
from gateway.tickets.visibility import sees

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROJECTS, REQUESTERS = ["", "shop", "bank", "bakery"], ["system", "u_anna", "u_bob", "local:anna"]
ALL = [
    Ticket(
        id=f"tk_{number}", number=number, title="Hot", priority=Severity.LOW, project=project,
        requester=requester, created_at=NOW, updated_at=NOW,
    )
    for number, (project, requester) in enumerate(product(PROJECTS, REQUESTERS), start=1)
]  # fmt: skip

keys = st.sampled_from(PROJECTS[1:])
principals = st.builds(
    Principal,
    tenant=st.just(1),
    actor=st.just("somebody"),
    role=st.sampled_from(Role),
    user=st.sampled_from(["", "u_anna", "u_bob"]),
    projects=st.dictionaries(keys, st.sampled_from(ProjectRole)),
    closed=st.frozensets(keys),
)


@pytest.fixture
async def storage(database: str) -> AsyncIterator[Database]:
    engine = create_engine(database)
    storage = Database(engine)
    async with storage.tenant(1) as transaction:
        await transaction.driver.execute(*TICKETS.insert(1, ALL))
    yield storage
    await engine.dispose()


async def test_both_forms_say_the_same_of_everybody(storage: Database) -> None:
    loop = asyncio.get_running_loop()

    async def found(by: Principal) -> set[str]:
        query = select(tickets.c.id).where(tickets.c.tenant_id == 1, visible(by))
        async with storage.tenant(1) as transaction:
            return {row.id for row in await transaction.connection.execute(query)}

    @settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
    @given(principals)
    def compare(by: Principal) -> None:
        seen = asyncio.run_coroutine_threadsafe(found(by), loop).result()
        assert seen == {one.id for one in ALL if sees(by, one)}

    await asyncio.to_thread(compare)


def seen_by(role: Role = Role.NOBODY, **more: object) -> set[tuple[str, str]]:
    by = Principal(1, "u_anna", role, user="u_anna", **more)  # type: ignore[arg-type]
    return {(one.project, one.requester) for one in ALL if sees(by, one)}


EVERYTHING = set(product(PROJECTS, REQUESTERS))
OWN = {(project, "u_anna") for project in PROJECTS}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_admins_and_auditors_see_closed_projects_too(role: Role) -> None:
    assert seen_by(role, closed=frozenset(PROJECTS)) == EVERYTHING


@pytest.mark.parametrize("role", [Role.NOBODY, Role.SENDER])
def test_who_holds_no_role_and_who_delivers_alerts_see_nothing(role: Role) -> None:
    assert seen_by(role) == set()


def test_a_requester_sees_what_it_has_asked_for() -> None:
    assert seen_by(Role.REQUESTER) == OWN


def test_an_operator_sees_all_but_closed_projects_and_what_it_has_asked_for_there() -> None:
    closed = frozenset({"bank", "bakery"})
    elsewhere = {one for one in EVERYTHING if one[0] not in closed}
    assert seen_by(Role.OPERATOR, closed=closed) == elsewhere | OWN
    member = {"bank": ProjectRole.MEMBER}
    in_bank = {one for one in EVERYTHING if one[0] == "bank"}
    assert seen_by(Role.OPERATOR, closed=closed, projects=member) == elsewhere | OWN | in_bank


@pytest.mark.parametrize("role", ProjectRole)
def test_a_role_in_a_project_shows_that_project_and_no_other(role: ProjectRole) -> None:
    assert seen_by(projects={"shop": role}) == {one for one in EVERYTHING if one[0] == "shop"}
