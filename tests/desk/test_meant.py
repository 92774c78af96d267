"""Who is meant by `me`, an id or a handle, where somebody is named."""

import pytest

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.desk.change_ticket import ChangeTicket, StepTicket
from gateway.desk.open_ticket import OpenTicket
from gateway.desk.user import EditUser
from gateway.people.meant import UnknownPerson
from tests.desk.office import ROOT, Office, as_user
from tests.world import World


async def test_an_assignee_is_kept_as_the_id_of_a_user_however_it_is_named(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna = await office.add("anna", "operator")
        bob = await office.add("bob", "operator")
        for name, kept in (
            ("@anna", anna.user.id),
            ("@Anna", anna.user.id),
            (anna.user.id, anna.user.id),
            ("me", bob.user.id),
            ("", ""),
        ):
            opened = await office.do(OpenTicket(title="x", assignee=name), as_user(bob))
            assert opened.assignee == kept, name
            change = ChangeTicket(ticket_id=opened.id, fields={"assignee": name})
            assert (await office.do(change, as_user(bob))).assignee == kept, name
        step = StepTicket(ticket_id=opened.id, to="in_progress", assignee="@anna")
        assert (await office.do(step, as_user(bob))).assignee == anna.user.id
        rows = await world.rows("SELECT new FROM history WHERE field = 'assignee'")
        assert not {row["new"] for row in rows} & {"@anna", "@Anna", "me"}


async def test_who_is_no_user_is_meant_by_me_as_the_actor(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        opened = await office.do(OpenTicket(title="x", assignee="me"), ROOT)
        assert opened.assignee == "local:root"
        robot = Principal(1, "t_00000000", Role.OPERATOR)
        assert (
            await office.do(OpenTicket(title="x", assignee="me"), robot)
        ).assignee == robot.actor


@pytest.mark.parametrize("name", ["@nobody", "u_" + "0" * 26, "u_1", "@gone"])
async def test_a_name_of_nobody_is_refused_with_its_field_and_nothing_is_done(
    database: str, name: str
) -> None:
    async with World(database) as world:
        office = Office(world)
        await office.add("gone", "operator")
        await office.do(EditUser(user="@gone", disabled=True))
        opened = await office.do(OpenTicket(title="x"))
        fields = {"title": "y", "assignee": name}
        for command in (
            OpenTicket(title="x", assignee=name),
            ChangeTicket(ticket_id=opened.id, fields=fields),
        ):
            with pytest.raises(UnknownPerson) as refused:
                await office.do(command)
            assert refused.value.errors[0].pointer == "/assignee"
        assert [one["title"] for one in await world.all_tickets()] == ["x"]


async def test_any_other_text_is_a_claim_and_taken_from_those_who_only_claim(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna = await office.add("anna", "operator")
        for actor in ("local:root", "token:admin"):
            by = Principal(1, actor, Role.ADMIN)
            assert (await office.do(OpenTicket(title="x", assignee="bob"), by)).assignee == "bob"
        for by in (as_user(anna), Principal(1, "t_00000000", Role.OPERATOR)):
            with pytest.raises(UnknownPerson):
                await office.do(OpenTicket(title="x", assignee="bob"), by)
