"""Writes what has become of a roster's people and tokens."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TypeVar

import asyncpg

from gateway.access.permission import Role
from gateway.people.person import Grant, Membership, Person
from gateway.people.roster import Roster
from gateway.people.token import Token
from gateway.storage.postgres.kernel.people.load import SQL
from gateway.storage.postgres.kernel.people.rows import GRANTS, MEMBERS, TOKENS, USERS

Held = TypeVar("Held", Grant, Membership)


async def save_people(connection: asyncpg.Connection, tenant: int, roster: Roster) -> None:
    """Only what differs from what was loaded."""
    changed = [one for key, one in roster.people.items() if one != roster.loaded_people.get(key)]
    if changed:
        await _save_users(connection, tenant, changed, roster)
        await _save_grants(connection, tenant, changed, roster)
        await _save_groups(connection, tenant, changed, roster)
    await _save_tokens(connection, tenant, roster)


async def _save_users(
    connection: asyncpg.Connection, tenant: int, changed: Iterable[Person], roster: Roster
) -> None:
    new = [one.user for one in changed if one.user.id not in roster.loaded_people]
    moved = [
        one.user
        for one in changed
        if one.user.id in roster.loaded_people
        and one.user != roster.loaded_people[one.user.id].user
    ]
    if new:
        await connection.execute(*USERS.insert(tenant, new))
    if moved:
        await connection.execute(*USERS.update(tenant, moved))


async def _save_grants(
    connection: asyncpg.Connection, tenant: int, changed: Iterable[Person], roster: Roster
) -> None:
    gone, new = _differences(changed, roster, attrgetter("grants"))
    for one in gone:
        await connection.execute(SQL["revoke"], tenant, one.user_id, one.role, one.project)
    if new:
        await connection.execute(*GRANTS.insert(tenant, list(new)))


async def _save_groups(
    connection: asyncpg.Connection, tenant: int, changed: Iterable[Person], roster: Roster
) -> None:
    gone, new = _differences(changed, roster, attrgetter("groups"))
    for one in gone:
        await connection.execute(SQL["leave"], tenant, one.group_name, one.user_id)
    if new:
        await connection.execute(*MEMBERS.insert(tenant, list(new)))


def _differences(
    changed: Iterable[Person], roster: Roster, held_by: Callable[[Person], Iterable[Held]]
) -> tuple[set[Held], set[Held]]:
    """What *changed* people held when they were loaded and hold no more, and what they hold now."""
    before: set[Held] = set()
    after: set[Held] = set()
    for one in changed:
        known = roster.loaded_people.get(one.user.id)
        before.update(held_by(known) if known else ())
        after.update(held_by(one))
    return before - after, after - before


async def _save_tokens(connection: asyncpg.Connection, tenant: int, roster: Roster) -> None:
    """A change of a sender's moves the version by which books of senders know that they are old."""
    changed = [one for key, one in roster.tokens.items() if one != roster.loaded_tokens.get(key)]
    if new := [one for one in changed if one.id not in roster.loaded_tokens]:
        await connection.execute(*TOKENS.insert(tenant, new))
    if moved := [one for one in changed if one.id in roster.loaded_tokens]:
        await connection.execute(*TOKENS.update(tenant, moved))
    if any(_is_senders(one) for one in changed):
        await connection.execute(SQL["move_tokens_version"])


def _is_senders(token: Token) -> bool:
    return token.role == Role.SENDER
