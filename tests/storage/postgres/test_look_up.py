"""Who holds a token, as PostgreSQL knows it now, with row-level security on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from gateway.access.permission import ProjectRole, Role
from gateway.access.principal import Principal
from gateway.access.token import OF_USER, mint, presented
from gateway.errors import Forbidden
from gateway.storage.postgres.access.look_up import LookUp
from gateway.storage.postgres.kernel.connect import WORKERS, connect, create_engine
from gateway.storage.postgres.kernel.database import Database
from tests.callers import LONG_AGO, Callers, token_id


@pytest.fixture
def callers(owner: asyncpg.Connection) -> Callers:
    return Callers(owner)


@pytest.fixture
async def look_up(database: str) -> AsyncIterator[LookUp]:
    engine = create_engine(database)
    yield LookUp(Database(engine))
    await engine.dispose()


async def found(look_up: LookUp, text: str) -> Principal | None:
    shown = presented(text)
    assert shown is not None
    return await look_up.of_token(shown)


async def test_a_users_token_is_the_user_with_what_is_granted_now(
    callers: Callers, look_up: LookUp
) -> None:
    await callers.project("bank", "members")
    await callers.project("open", "tenant")
    user = await callers.user("anna", "auditor", "operator", groups=["dba"], shop="viewer")
    token = await callers.token(user=user)
    projects = {"shop": ProjectRole.VIEWER}
    closed, groups = frozenset({"bank"}), frozenset({"dba"})
    assert await found(look_up, token) == Principal(
        1, user, Role.OPERATOR, user, groups, projects, closed=closed
    )
    await callers.connection.execute("DELETE FROM grants")
    assert await found(look_up, token) == Principal(
        1, user, Role.NOBODY, user, groups, closed=closed
    )


async def test_who_is_in_a_group_of_a_project_is_its_member(
    callers: Callers, look_up: LookUp
) -> None:
    await callers.project("BANK", "members", groups=["dba", "sre"])
    await callers.project("SHOP", "tenant", groups=["sre"])
    await callers.project("WEB", "tenant", groups=["web"])
    granted = {"SHOP": "viewer", "WEB": "lead"}
    user = await callers.user("anna", "requester", groups=["sre", "web"], **granted)
    one = await found(look_up, await callers.token(user=user))
    assert one is not None
    member, lead = ProjectRole.MEMBER, ProjectRole.LEAD
    assert one.projects == {"BANK": member, "SHOP": member, "WEB": lead}
    await callers.connection.execute("UPDATE declared SET withdrawn_at = now()")
    one = await found(look_up, await callers.token(user=user))
    assert one is not None
    assert one.projects == {"SHOP": ProjectRole.VIEWER, "WEB": lead}


async def test_a_token_of_nobody_is_its_role(callers: Callers, look_up: LookUp) -> None:
    await callers.tenant(2, "two")
    token = await callers.token(role="sender", tenant=2, source="n9e")
    assert await found(look_up, token) == Principal(2, token_id(token), Role.SENDER, source="n9e")


async def test_a_disabled_users_token_is_refused_with_row_level_security_on(
    callers: Callers, look_up: LookUp
) -> None:
    user = await callers.user("anna", "admin")
    token = await callers.token(user=user)
    assert await found(look_up, token) is not None
    await callers.disable(user)
    assert await found(look_up, token) is None


async def test_what_has_expired_or_was_revoked_is_nobodys(
    callers: Callers, look_up: LookUp
) -> None:
    expired = await callers.token(role="admin", expires_at=LONG_AGO)
    holds = await callers.token(role="admin", expires_at=datetime(2999, 1, 1, tzinfo=UTC))
    assert await found(look_up, expired) is None
    assert await found(look_up, holds) is not None
    await callers.revoke(holds)
    assert await found(look_up, holds) is None
    assert await found(look_up, mint(OF_USER).text) is None


async def test_another_secret_under_a_known_id_is_nobodys(
    callers: Callers, look_up: LookUp
) -> None:
    token, other = await callers.token(role="admin"), mint(OF_USER)
    shown = presented(other.text)
    assert shown is not None
    await callers.connection.execute(
        "UPDATE tokens SET id = $1 WHERE id = $2", shown.id, token_id(token)
    )
    assert await look_up.of_token(shown) is None


@pytest.mark.parametrize("role", ["system", "nobody", "a role of a later release"])
async def test_nothing_that_is_stored_makes_a_token_the_gateway_itself(
    callers: Callers, look_up: LookUp, role: str
) -> None:
    principal = await found(look_up, await callers.token(role=role))
    assert principal is not None
    assert principal.role is Role.NOBODY


async def test_a_handle_is_a_user_whatever_its_case_and_a_disabled_one_is_refused(
    callers: Callers, look_up: LookUp
) -> None:
    user = await callers.user("anna", "requester", groups=["dba"])
    principal = await look_up.of_handle(1, "Anna")
    assert principal == Principal(1, user, Role.ADMIN, user, frozenset({"dba"}))
    assert await look_up.of_handle(1, "bert") is None
    await callers.disable(user)
    with pytest.raises(Forbidden) as refused:
        await look_up.of_handle(1, "anna")
    assert refused.value.code == "user_disabled"


async def test_what_is_presented_shows_one_row_and_nothing_is_written_through_it(
    callers: Callers, database: str
) -> None:
    await callers.tenant(2, "two")
    mine, other = [await callers.token(role="admin", tenant=tenant) for tenant in (1, 2)]
    connection = await connect(database, purpose=WORKERS)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.presented', $1, true)", token_id(mine))
            ids = [row["id"] for row in await connection.fetch("SELECT id FROM tokens")]
            assert ids == [token_id(mine)]
            for statement in ("UPDATE tokens SET role = 'sender'", "UPDATE tokens SET hash = hash"):
                assert await connection.execute(statement) == "UPDATE 0"
        assert await connection.fetch("SELECT id FROM tokens") == []
    finally:
        await connection.close()
    roles = await callers.connection.fetch("SELECT DISTINCT role FROM tokens")
    assert [row["role"] for row in roles] == ["admin"]
    assert token_id(mine) != token_id(other)
