"""An administrator's work on users: adds, edits, disables and enables one."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.desk.role import check_role
from gateway.effects.working_set import WorkingSet
from gateway.errors import Conflict
from gateway.ids import new_id
from gateway.people.change import edit_person, grant_role, new_person
from gateway.people.person import Grant, Person
from gateway.people.roster import Roster
from gateway.people.user import User, check_handle


class AddUser(msgspec.Struct, frozen=True, kw_only=True):
    """*role* empty: without one, until it is granted."""

    permission: ClassVar[Permission] = Permission.PEOPLE_WRITE
    answers: ClassVar[type] = Person

    handle: str
    name: str = ""
    email: str = ""
    time_zone: str = ""
    role: str = ""
    """In the tenant."""

    def needs(self) -> Needs:
        """Whoever has the handle."""
        return Needs(people=(f"@{self.handle}",), changes_people=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Person:
        """Raises Refused for what no handle is, Conflict for one that is taken."""
        _check_free(rows.people, self.handle)
        user = User(
            id=new_id("u", now),
            handle=self.handle,
            name=self.name,
            email=self.email,
            time_zone=self.time_zone,
            created_at=now,
        )
        rows.save_person(new_person(user, by.actor))
        if self.role:
            check_role(self.role)
            self._grant(rows, by, now, user.id)
        return rows.people.people[user.id]

    def _grant(self, rows: WorkingSet, by: Principal, now: datetime, user_id: str) -> None:
        grant = Grant(user_id=user_id, role=self.role)
        change = grant_role(rows.people.people[user_id], grant, by.actor, now)
        if change is not None:
            rows.save_person(change)


class EditUser(msgspec.Struct, frozen=True, kw_only=True):
    """*fields*: handle, name, email, time_zone. *disabled* None: as it is."""

    permission: ClassVar[Permission] = Permission.PEOPLE_WRITE
    answers: ClassVar[type] = Person

    user: str
    """Id, or handle as `@anna` names it."""
    fields: Mapping[str, str] = msgspec.field(default_factory=dict)
    disabled: bool | None = None

    def needs(self) -> Needs:
        """The user, and whoever has the new handle."""
        taken = (f"@{self.fields['handle']}",) if "handle" in self.fields else ()
        return Needs(people=(self.user, *taken), changes_people=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Person:
        """Raises Conflict where nobody would be left to administer the tenant."""
        person = rows.people.get(self.user)
        handle = self.fields.get("handle", person.user.handle)
        if handle != person.user.handle:
            _check_free(rows.people, handle)
        change = edit_person(person, self.fields, self.disabled, by.actor, now)
        if change is not None:
            rows.save_person(change)
            rows.people.keep_an_admin()
        return rows.people.people[person.user.id]


def _check_free(roster: Roster, handle: str) -> None:
    check_handle(handle)
    if roster.find(f"@{handle}") is not None:
        raise Conflict(f"there is a user @{handle} already", code="handle_taken")
