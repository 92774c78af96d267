"""What a principal may do: by its role, and by roles in projects."""

import pytest

from gateway.access.permission import (
    GRANTED,
    GRANTED_IN_PROJECT,
    Permission,
    ProjectRole,
    Role,
    strongest,
)
from gateway.access.principal import Principal
from gateway.errors import Forbidden

OF_NO_PROJECT = {
    Permission.PROBE, Permission.METRICS_READ, Permission.DESCRIPTION_READ, Permission.INTAKE,
    Permission.ALERTS_READ, Permission.ALERTS_TRIAGE, Permission.SILENCES_READ,
    Permission.SILENCES_WRITE, Permission.SETTINGS_READ, Permission.SETTINGS_WRITE,
    Permission.PEOPLE_READ, Permission.PEOPLE_WRITE, Permission.OWN_TOKENS, Permission.AUDIT_READ,
    Permission.DEAD_LETTERS_READ, Permission.DEAD_LETTERS_REPLAY, Permission.DUTY,
}  # fmt: skip
READ = {one for one in Permission if one.value.endswith(".read")}


def somebody(role: Role = Role.NOBODY, **projects: ProjectRole) -> Principal:
    return Principal(1, "u_anna", role, user="u_anna", projects=projects)


def test_a_role_in_a_project_gives_nothing_elsewhere() -> None:
    member = somebody(shop=ProjectRole.MEMBER)
    assert member.may(Permission.TICKETS_EDIT, "shop")
    assert not member.may(Permission.TICKETS_EDIT, "bank")
    assert not member.may(Permission.TICKETS_EDIT)
    assert member.may_anywhere(Permission.TICKETS_EDIT)


@pytest.mark.parametrize("there", ProjectRole)
def test_a_role_in_a_project_gives_nothing_that_belongs_to_no_project(there: ProjectRole) -> None:
    assert not GRANTED_IN_PROJECT[there] & OF_NO_PROJECT


def test_an_auditor_and_a_viewer_hold_nothing_that_changes_anything() -> None:
    internal = {Permission.COMMENTS_INTERNAL}  # with comments.read alone it is a reading
    assert GRANTED[Role.AUDITOR] - {Permission.OWN_TOKENS} <= READ
    assert GRANTED_IN_PROJECT[ProjectRole.VIEWER] - internal <= READ


def test_a_sender_delivers_and_does_nothing_else() -> None:
    assert GRANTED[Role.SENDER] == {Permission.INTAKE}


def test_only_the_gateway_itself_does_what_time_brings_about() -> None:
    assert [role for role in Role if Permission.DUTY in GRANTED[role]] == [Role.SYSTEM]


def test_internal_comments_are_read_by_who_works_there_and_by_viewers() -> None:
    internal = Permission.COMMENTS_INTERNAL
    assert {role for role in Role if internal in GRANTED[role]} == {Role.OPERATOR, Role.ADMIN}
    assert all(internal in GRANTED_IN_PROJECT[there] for there in ProjectRole)


@pytest.mark.parametrize(
    ("held", "role"),
    [
        ((), Role.NOBODY),
        (("requester",), Role.REQUESTER),
        (("auditor", "operator"), Role.OPERATOR),
        (("sender", "auditor", "requester"), Role.AUDITOR),
        (("operator", "admin"), Role.ADMIN),
        (("system",), Role.NOBODY),
        (("a role of a later release", "requester"), Role.REQUESTER),
    ],
)
def test_the_strongest_role_counts(held: tuple[str, ...], role: Role) -> None:
    assert strongest(held) is role


def test_who_lacks_a_permission_hears_which_one() -> None:
    with pytest.raises(Forbidden) as refused:
        somebody(Role.AUDITOR).check(Permission.TICKETS_EDIT)
    assert refused.value.code == "missing_permission"
    assert refused.value.extra == {"permission": "tickets.edit"}
    with pytest.raises(Forbidden):
        somebody().check_anywhere(Permission.TICKETS_EDIT)
    somebody(shop=ProjectRole.MEMBER).check_anywhere(Permission.TICKETS_EDIT)


@pytest.mark.parametrize(
    ("who", "works"),
    [
        (somebody(Role.OPERATOR), True),
        (somebody(Role.ADMIN), True),
        (somebody(Role.REQUESTER), False),
        (somebody(Role.AUDITOR, shop=ProjectRole.VIEWER), False),
        (somebody(Role.REQUESTER, shop=ProjectRole.MEMBER), True),
        (somebody(shop=ProjectRole.LEAD), True),
    ],
)
def test_an_operator_of_the_project_works_in_it(who: Principal, *, works: bool) -> None:
    assert who.works_in("shop") is works
