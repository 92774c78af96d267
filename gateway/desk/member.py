"""The lead of a project names its viewers and members; who leads it an administrator says."""

from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission, ProjectRole
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.desk.role import check_role
from gateway.effects.working_set import WorkingSet
from gateway.errors import FieldError, Forbidden, Refused
from gateway.people.change import PersonChange, grant_role, revoke_role
from gateway.people.person import Grant, Person

NAMED_BY_LEADS = (ProjectRole.VIEWER, ProjectRole.MEMBER)


class NameMember(msgspec.Struct, frozen=True, kw_only=True):
    """*role* instead of what leads have given before; doing it again is fine."""

    permission: ClassVar[Permission] = Permission.PROJECT_MEMBERS
    answers: ClassVar[type] = Person

    user: str
    project: str
    role: str

    def needs(self) -> Needs:
        """The user; and the permission in that project."""
        return Needs(people=(self.user,), changes_people=True, project=self.project)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Person:
        """Raises Forbidden for who would name themselves, Refused for what leads do not grant."""
        person = rows.people.get(self.user)
        check_role(self.role, self.project)
        if self.role not in NAMED_BY_LEADS:
            wanted = f"must be one of {', '.join(NAMED_BY_LEADS)}: an admin says who leads"
            raise Refused(wanted, code="bad_role", errors=(FieldError("/role", wanted),))
        if person.user.id == by.user:
            raise Forbidden("nobody grants themselves a role: ask another lead", code="own_role")
        for role in NAMED_BY_LEADS:
            grant = Grant(user_id=person.user.id, role=role, project=self.project)
            change = grant_role if role == self.role else revoke_role
            _save(rows, change(rows.people.people[person.user.id], grant, by.actor, now))
        return rows.people.people[person.user.id]


class DropMember(msgspec.Struct, frozen=True, kw_only=True):
    """Neither a viewer nor a member any more; who leads still does. Oneself too."""

    permission: ClassVar[Permission] = Permission.PROJECT_MEMBERS
    answers: ClassVar[type] = Person

    user: str
    project: str

    def needs(self) -> Needs:
        """The user; and the permission in that project."""
        return Needs(people=(self.user,), changes_people=True, project=self.project)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Person:
        """One who is neither stays so."""
        key = rows.people.get(self.user).user.id
        for role in NAMED_BY_LEADS:
            grant = Grant(user_id=key, role=role, project=self.project)
            _save(rows, revoke_role(rows.people.people[key], grant, by.actor, now))
        return rows.people.people[key]


def _save(rows: WorkingSet, change: PersonChange | None) -> None:
    if change is not None:
        rows.save_person(change)
