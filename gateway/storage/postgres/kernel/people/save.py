"""Writes what has become of a roster's people and tokens."""

from collections.abc import Iterable

import asyncpg

from gateway.access.permission import Role
from gateway.people.person import Grant, Membership, Person
from gateway.people.roster import Roster
from gateway.people.token import Token
from gateway.storage.postgres.kernel.people.load import SQL
from gateway.storage.postgres.kernel.people.rows import GRANTS, MEMBERS, TOKENS, USERS


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
    before: set[Grant] = set()
    after: set[Grant] = set()
    for one in changed:
        known = roster.loaded_people.get(one.user.id)
        before.update(known.grants if known else ())
        after.update(one.grants)
    for gone in before - after:
        await connection.execute(SQL["revoke"], tenant, gone.user_id, gone.role, gone.project)
    if new := list(after - before):
        await connection.execute(*GRANTS.insert(tenant, new))


async def _save_groups(
    connection: asyncpg.Connection, tenant: int, changed: Iterable[Person], roster: Roster
) -> None:
    before: set[Membership] = set()
    after: set[Membership] = set()
    for one in changed:
        known = roster.loaded_people.get(one.user.id)
        before.update(known.groups if known else ())
        after.update(one.groups)
    for gone in before - after:
        await connection.execute(SQL["leave"], tenant, gone.group_name, gone.user_id)
    if new := list(after - before):
        await connection.execute(*MEMBERS.insert(tenant, new))


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
