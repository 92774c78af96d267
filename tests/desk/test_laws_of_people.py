"""Whatever admins do, in whatever order: somebody is left who can do something about it."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.access.permission import ProjectRole, Role
from gateway.access.principal import Principal
from gateway.desk.group import JoinGroup, LeaveGroup
from gateway.desk.role import GrantRole, RevokeRole
from gateway.desk.user import AddUser, EditUser
from gateway.effects.working_set import WorkingSet
from gateway.errors import GatewayError
from gateway.people.person import ROLES_OF_USERS, Person

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HANDLES = st.sampled_from(["anna", "bob", "carl"])
USERS = HANDLES.map(lambda handle: f"@{handle}")
ROLES = st.sampled_from([*ROLES_OF_USERS, *ProjectRole])
PROJECTS = st.sampled_from(["", "OPS"])
COMMANDS = st.one_of(
    st.builds(AddUser, handle=HANDLES, role=st.sampled_from(["", "admin"])),
    st.builds(EditUser, user=USERS, disabled=st.booleans()),
    st.builds(
        EditUser, user=USERS, fields=st.fixed_dictionaries({"handle": HANDLES}),
        disabled=st.none() | st.booleans(),
    ),
    st.builds(GrantRole, user=USERS, role=ROLES, project=PROJECTS),
    st.builds(RevokeRole, user=USERS, role=ROLES, project=PROJECTS),
    st.builds(JoinGroup, user=USERS, group=st.just("sre")),
    st.builds(LeaveGroup, user=USERS, group=st.just("sre")),
)  # fmt: skip


class Tenant:
    """Its people in memory; what is refused changes nothing."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}

    @property
    def admins(self) -> set[str]:
        return {key for key, one in self.people.items() if one.is_admin}

    def do(self, command: Any, handle: str | None) -> None:
        """By the user of *handle*, or by somebody at the command line."""
        rows, by = WorkingSet(1), self._principal(handle)
        for person in self.people.values():
            rows.people.load_person(person)
        try:
            by.check(command.permission)
            command.decide(rows, by, NOW)
        except GatewayError:
            return
        self.people = rows.people.people

    def _principal(self, handle: str | None) -> Principal:
        known = [one for one in self.people.values() if one.user.handle == handle]
        if known and known[0].user.enabled:
            return known[0].principal(1)
        return Principal(1, "local:root", Role.ADMIN)


@given(st.lists(st.tuples(COMMANDS, st.none() | HANDLES), max_size=40))
def test_no_sequence_of_commands_leaves_a_tenant_that_had_an_admin_without_one(
    commands: list[tuple[Any, str | None]],
) -> None:
    tenant = Tenant()
    had = False
    for command, handle in commands:
        before = tenant.people
        tenant.do(command, handle)
        had = had or bool(tenant.admins)
        assert bool(tenant.admins) is had
        actor = next((one for one in before.values() if one.user.handle == handle), None)
        if actor is not None and actor.user.enabled and actor.user.id in tenant.people:
            assert set(tenant.people[actor.user.id].grants) <= set(actor.grants)


@given(st.lists(COMMANDS, max_size=30))
def test_no_two_users_have_one_handle(commands: list[Any]) -> None:
    tenant = Tenant()
    for command in commands:
        tenant.do(command, None)
        handles = [one.user.handle for one in tenant.people.values()]
        assert len(handles) == len(set(handles))
