"""An administrator says who is in which group. A group is there as long as somebody is in it."""

from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.effects.working_set import WorkingSet
from gateway.errors import FieldError, Refused
from gateway.people.change import join_group, leave_group
from gateway.people.person import GROUP_NAME, Person


class JoinGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A user joins; doing it again is fine."""

    permission: ClassVar[Permission] = Permission.PEOPLE_WRITE
    answers: ClassVar[type] = Person

    user: str
    group: str

    def needs(self) -> Needs:
        """The user."""
        return Needs(people=(self.user,), changes_people=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Person:
        """Refuses what no group can be called."""
        if not GROUP_NAME.fullmatch(self.group):
            wanted = "a group's name is 1 to 63 of A-Z a-z 0-9 . _ -, a letter or a digit first"
            raise Refused(wanted, code="bad_group", errors=(FieldError("/group", wanted),))
        person = rows.people.get(self.user)
        change = join_group(person, self.group, by.actor, now)
        if change is not None:
            rows.save_person(change)
        return rows.people.people[person.user.id]


class LeaveGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A user leaves; doing it again is fine."""

    permission: ClassVar[Permission] = Permission.PEOPLE_WRITE
    answers: ClassVar[type] = Person

    user: str
    group: str

    def needs(self) -> Needs:
        """The user."""
        return Needs(people=(self.user,), changes_people=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Person:
        """One who is not in it stays so."""
        person = rows.people.get(self.user)
        change = leave_group(person, self.group, by.actor, now)
        if change is not None:
            rows.save_person(change)
        return rows.people.people[person.user.id]
