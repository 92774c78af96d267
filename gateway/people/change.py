"""Changes of people and tokens as values.

Roles and groups are entries in the history of their user. Neither history nor events ever hold a
name, an e-mail address, a handle or a secret: of these it is told that they changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from gateway.changes.change import Change
from gateway.history.chain import Entry
from gateway.history.kind import Kind
from gateway.people.person import Grant, Membership, Person
from gateway.people.token import Token
from gateway.people.user import User


@dataclass(frozen=True, slots=True)
class PersonChange:
    """To be saved whole: *person* as it now is, and its user's history."""

    person: Person
    of_user: Change[User]


def new_person(user: User, actor: str) -> PersonChange:
    """Without a role: that is granted."""
    entry = Entry(Kind.USER, user.id, user.created_at, actor, "status", None, "enabled")
    return PersonChange(Person(user=user), Change(user, (entry,)))


def edit_person(
    person: Person, fields: Mapping[str, str], disabled: bool | None, actor: str, now: datetime
) -> PersonChange | None:
    """Handle, name, email, time_zone, and whether they are disabled; None if nothing differs."""
    user = person.user
    changed = {name: value for name, value in fields.items() if getattr(user, name) != value}
    entries = [Entry(Kind.USER, user.id, now, actor, name, None, None) for name in sorted(changed)]
    after = msgspec.structs.replace(user, **changed)
    if disabled is not None and disabled is user.enabled:
        old, new = ("enabled", "disabled") if disabled else ("disabled", "enabled")
        entries.append(Entry(Kind.USER, user.id, now, actor, "status", old, new))
        after = msgspec.structs.replace(after, disabled_at=now if disabled else None)
    if not entries:
        return None
    return PersonChange(msgspec.structs.replace(person, user=after), Change(after, tuple(entries)))


def grant_role(person: Person, grant: Grant, actor: str, now: datetime) -> PersonChange | None:
    """None if they hold it."""
    if _same_role(person, grant):
        return None
    after = msgspec.structs.replace(person, grants=(*person.grants, grant))
    return _told(after, "role", None, grant.words, actor, now)


def revoke_role(person: Person, grant: Grant, actor: str, now: datetime) -> PersonChange | None:
    """None if they do not hold it."""
    held = _same_role(person, grant)
    if held is None:
        return None
    left = tuple(one for one in person.grants if one is not held)
    after = msgspec.structs.replace(person, grants=left)
    return _told(after, "role", held.words, None, actor, now)


def join_group(person: Person, group: str, actor: str, now: datetime) -> PersonChange | None:
    """None if they are in it."""
    if any(one.group_name == group for one in person.groups):
        return None
    membership = Membership(group_name=group, user_id=person.user.id)
    after = msgspec.structs.replace(person, groups=(*person.groups, membership))
    return _told(after, "group", None, group, actor, now)


def leave_group(person: Person, group: str, actor: str, now: datetime) -> PersonChange | None:
    """None if they are not in it."""
    left = tuple(one for one in person.groups if one.group_name != group)
    if left == person.groups:
        return None
    after = msgspec.structs.replace(person, groups=left)
    return _told(after, "group", group, None, actor, now)


def issue_token(token: Token) -> Change[Token]:
    """A new one, as it shall be."""
    told = {
        "status": "active",
        "role": token.role,
        "user": token.user_id,
        "source": token.source,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
    }
    entries = tuple(
        Entry(Kind.TOKEN, token.id, token.created_at, token.created_by, name, None, value)
        for name, value in told.items()
        if value
    )
    return Change(token, entries)


def revoke_token(token: Token, actor: str, now: datetime) -> Change[Token] | None:
    """It holds no longer; None if it does not."""
    if token.revoked_at is not None:
        return None
    entry = Entry(Kind.TOKEN, token.id, now, actor, "status", "active", "revoked")
    return Change(msgspec.structs.replace(token, revoked_at=now), (entry,))


def _same_role(person: Person, grant: Grant) -> Grant | None:
    wanted = grant.role, grant.project
    return next((one for one in person.grants if (one.role, one.project) == wanted), None)


def _told(
    person: Person, field: str, old: str | None, new: str | None, actor: str, now: datetime
) -> PersonChange:
    user = person.user
    entry = Entry(Kind.USER, user.id, now, actor, field, old, new)
    return PersonChange(person, Change(user, (entry,)))
