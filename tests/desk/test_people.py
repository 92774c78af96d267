"""Users, roles and groups: who may change them, and what history knows of it."""

import asyncio

import pytest

from gateway.desk.group import JoinGroup, LeaveGroup
from gateway.desk.role import GrantRole, RevokeRole
from gateway.desk.user import AddUser, EditUser
from gateway.errors import Conflict, Forbidden, NotFound, Refused
from gateway.storage.postgres.queries.audit import broken_histories
from gateway.storage.postgres.queries.people import PeopleQueries
from tests.desk.office import Office, as_user
from tests.world import World


async def test_what_becomes_of_a_user_stands_in_its_history_by_id_alone(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna = await office.add("anna", "operator", name="Anna", email="anna@example.com")
        key = anna.user.id
        await office.do(GrantRole(user="@anna", role="lead", project="OPS"))
        await office.do(JoinGroup(user=key, group="sre"))
        await office.do(EditUser(user=key, fields={"name": "Anna S", "handle": "anne"}))
        await office.do(RevokeRole(user="@anne", role="lead", project="OPS"))
        await office.do(LeaveGroup(user=key, group="sre"))
        await office.do(EditUser(user=key, disabled=True))
        await office.do(EditUser(user=key, disabled=False))
        assert await office.entries(key) == [
            ("status", None, "enabled"),
            ("role", None, "operator"),
            ("role", None, "lead in OPS"),
            ("group", None, "sre"),
            ("handle", None, None),
            ("name", None, None),
            ("role", "lead in OPS", None),
            ("group", "sre", None),
            ("status", "enabled", "disabled"),
            ("status", "disabled", "enabled"),
        ]
        assert await broken_histories(world.database, 1) == []
        shown = await PeopleQueries(world.database).person(1, "@anne")
        assert (shown.user.name, shown.role, shown.groups) == ("Anna S", "operator", ())


async def test_what_changes_nothing_leaves_no_entry(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna = await office.add("anna", "operator")
        before = await office.entries(anna.user.id)
        for command in (
            GrantRole(user="@anna", role="operator"),
            RevokeRole(user="@anna", role="admin"),
            LeaveGroup(user="@anna", group="sre"),
            EditUser(user="@anna", fields={"handle": "anna", "name": ""}, disabled=False),
        ):
            assert (await office.do(command)).user.id == anna.user.id
        assert await office.entries(anna.user.id) == before


async def test_no_history_row_holds_a_name_an_address_or_a_secret(database: str) -> None:
    """Nor does an answer that is kept under a key, or a message."""
    async with World(database) as world:
        office = Office(world)
        canaries = {"name": "Canary Name", "email": "canary@example.com"}
        added = AddUser(handle="canary", role="admin", **canaries)
        person = await office.do(added, key="k-1")
        assert (await office.do(added, key="k-1")).user.id == person.user.id
        edit = EditUser(user="@canary", fields={"name": "Canary Two", "handle": "canary-2"})
        await office.do(edit, key="k-2")
        made = await office.token(user="@canary-2", name="canary's laptop")
        secret = made.text.rpartition("_")[2]
        for table in ("history", "idempotency", "outbox"):
            told = repr(await world.rows(f"SELECT * FROM {table}"))
            assert "anary" not in told, table
            assert secret[:43] not in told, table
            assert repr(made.token.hash) not in told, table
        assert "anary" in repr(await world.rows("SELECT * FROM users"))


async def test_nobody_grants_themselves_a_role(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna = await office.add("anna", "admin")
        for role, project in (("operator", ""), ("admin", ""), ("lead", "OPS")):
            with pytest.raises(Forbidden) as refused:
                await office.do(GrantRole(user="@anna", role=role, project=project), as_user(anna))
            assert refused.value.code == "own_role"
        await office.add("bob")
        bob = await office.do(GrantRole(user="@bob", role="admin"), as_user(anna))
        assert bob.is_admin


async def test_who_is_no_admin_changes_nobody(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna = await office.add("anna", "operator")
        for command in (
            AddUser(handle="bob"),
            EditUser(user="@anna", disabled=True),
            GrantRole(user="@anna", role="admin"),
            RevokeRole(user="@anna", role="operator"),
            JoinGroup(user="@anna", group="sre"),
        ):
            with pytest.raises(Forbidden):
                await office.do(command, as_user(anna))


async def test_the_last_admin_is_neither_disabled_nor_loses_the_role(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna = await office.add("anna", "admin")
        gone = await office.add("gone", "admin")
        await office.do(EditUser(user=gone.user.id, disabled=True))
        for command in (
            EditUser(user="@anna", disabled=True),
            RevokeRole(user="@anna", role="admin"),
        ):
            for by in (as_user(anna), as_user(gone)):
                with pytest.raises(Conflict) as refused:
                    await office.do(command, by)
                assert refused.value.code == "last_admin"
        await office.do(RevokeRole(user="@gone", role="admin"))


async def test_two_admins_who_take_each_others_role_at_once_leave_one(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna, bob = await office.add("anna", "admin"), await office.add("bob", "admin")
        done = await asyncio.gather(
            office.do(RevokeRole(user="@bob", role="admin"), as_user(anna)),
            office.do(EditUser(user="@anna", disabled=True), as_user(bob)),
            return_exceptions=True,
        )
        [refused] = [one for one in done if isinstance(one, BaseException)]
        assert isinstance(refused, Conflict)
        assert refused.code == "last_admin"


async def test_a_handle_is_one_users(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        await office.add("anna")
        bob = await office.add("bob")
        for command in (
            AddUser(handle="anna"),
            EditUser(user=bob.user.id, fields={"handle": "anna"}),
        ):
            with pytest.raises(Conflict) as refused:
                await office.do(command)
            assert refused.value.code == "handle_taken"
        done = await asyncio.gather(
            *(office.do(AddUser(handle="carl")) for _ in range(5)), return_exceptions=True
        )
        assert [isinstance(one, Conflict) for one in done].count(False) == 1


@pytest.mark.parametrize(
    "handle", ["", "Anna", "me", "system", "u_anna", "t_1", "-a", "a-", "an na", "ä", "a" * 40]
)
async def test_what_could_mean_something_else_is_no_handle(database: str, handle: str) -> None:
    async with World(database) as world:
        with pytest.raises(Refused) as refused:
            await Office(world).do(AddUser(handle=handle))
        assert (refused.value.code, refused.value.errors[0].pointer) == ("bad_handle", "/handle")


@pytest.mark.parametrize(
    ("role", "project", "pointer"),
    [
        ("sender", "", "/role"),
        ("system", "", "/role"),
        ("nobody", "", "/role"),
        ("lead", "", "/role"),
        ("admin", "OPS", "/role"),
        ("lead", "ops", "/project"),
    ],
)
async def test_what_no_user_can_be_is_not_granted(
    database: str, role: str, project: str, pointer: str
) -> None:
    async with World(database) as world:
        office = Office(world)
        await office.add("anna")
        with pytest.raises(Refused) as refused:
            await office.do(GrantRole(user="@anna", role=role, project=project))
        assert refused.value.errors[0].pointer == pointer


async def test_a_user_of_another_tenant_is_not_found(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna = await office.add("anna")
        await world.rows("INSERT INTO tenants (tenant_id, name) VALUES (2, 'other')")
        there = as_user(await office.add("root", "admin"), tenant=2)
        for name in ("@anna", anna.user.id, "@nobody"):
            with pytest.raises(NotFound):
                await office.do(EditUser(user=name, disabled=True), there)
        assert await PeopleQueries(world.database).page(2, "", "", 9) == []
