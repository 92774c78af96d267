"""An administrator grants roles, and revokes them: in the tenant, or in one project."""

import re
from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission, ProjectRole
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.effects.working_set import WorkingSet
from gateway.errors import FieldError, Forbidden, Refused
from gateway.people.change import grant_role, revoke_role
from gateway.people.person import ROLES_OF_USERS, Grant, Person
from gateway.tickets.naming import PROJECT_KEY


class GrantRole(msgspec.Struct, frozen=True, kw_only=True):
    """Granting it again is fine. *project* empty: in the tenant."""

    permission: ClassVar[Permission] = Permission.PEOPLE_WRITE
    answers: ClassVar[type] = Person

    user: str
    role: str
    project: str = ""

    def needs(self) -> Needs:
        """The user."""
        return Needs(people=(self.user,), changes_people=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Person:
        """Raises Forbidden for who would grant something to themselves."""
        person = rows.people.get(self.user)
        check_role(self.role, self.project)
        if person.user.id == by.user:
            raise Forbidden("nobody grants themselves a role: ask another admin", code="own_role")
        grant = Grant(user_id=person.user.id, role=self.role, project=self.project)
        change = grant_role(person, grant, by.actor, now)
        if change is not None:
            rows.save_person(change)
        return rows.people.people[person.user.id]


class RevokeRole(msgspec.Struct, frozen=True, kw_only=True):
    """Revoking it again is fine; one's own too. One that a login gave is back with the next one."""

    permission: ClassVar[Permission] = Permission.PEOPLE_WRITE
    answers: ClassVar[type] = Person

    user: str
    role: str
    project: str = ""

    def needs(self) -> Needs:
        """The user."""
        return Needs(people=(self.user,), changes_people=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Person:
        """Raises Conflict where nobody would be left to administer the tenant."""
        person = rows.people.get(self.user)
        grant = Grant(user_id=person.user.id, role=self.role, project=self.project)
        change = revoke_role(person, grant, by.actor, now)
        if change is not None:
            rows.save_person(change)
            rows.people.keep_an_admin()
        return rows.people.people[person.user.id]


def check_role(role: str, project: str = "") -> None:
    """Raises Refused for what nobody can be granted."""
    known = tuple(ProjectRole) if project else ROLES_OF_USERS
    if role not in known:
        where = "in a project" if project else "in the tenant"
        wanted = f"a role {where} is one of {', '.join(known)}"
        raise Refused(wanted, code="bad_role", errors=(FieldError("/role", wanted),))
    if project and not re.fullmatch(PROJECT_KEY, project):
        wanted = "a project's key is 2 to 10 of A-Z 0-9, a letter first"
        raise Refused(wanted, code="bad_project", errors=(FieldError("/project", wanted),))
