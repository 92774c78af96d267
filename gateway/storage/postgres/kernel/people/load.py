"""Loads people and tokens into a roster.

Whoever changes any of them takes one lock of the tenant first, before every other: so two admins
cannot take each other's role at once, and what was loaded stays true until the end.
"""

from collections import defaultdict
from collections.abc import Iterable

import asyncpg
import msgspec

from gateway.history.chain import Head
from gateway.history.kind import Kind
from gateway.people.person import Grant, Membership, Person
from gateway.people.roster import Roster
from gateway.people.token import Token
from gateway.people.user import User
from gateway.storage.postgres.kernel.people.rows import GRANTS, MEMBERS, TOKENS, USERS
from gateway.storage.postgres.statements import load

SQL = load("people")


async def lock_people(connection: asyncpg.Connection, tenant: int) -> None:
    """Until the transaction ends."""
    await connection.execute(SQL["lock"], tenant)


async def load_people(
    connection: asyncpg.Connection,
    tenant: int,
    roster: Roster,
    names: Iterable[str],
    *,
    with_admins: bool = False,
) -> None:
    """Those of *names* that are there: ids, and handles as `@anna` names them."""
    wanted = sorted(names)
    if not wanted and not with_admins:
        return
    handles = [name[1:].lower() for name in wanted if name.startswith("@")]
    rows = await connection.fetch(SQL["users"], tenant, wanted, handles, with_admins)
    for person in await read_people(connection, tenant, [USERS.read(row) for row in rows]):
        roster.load_person(person)


async def read_people(
    connection: asyncpg.Connection, tenant: int, users: Iterable[User]
) -> list[Person]:
    """With their roles, groups and the ends of their histories, in the order of *users*."""
    known = {user.id: user for user in users}
    grants: defaultdict[str, list[Grant]] = defaultdict(list)
    for row in await connection.fetch(SQL["grants"], tenant, list(known)):
        grants[row["user_id"]].append(GRANTS.read(row))
    groups: defaultdict[str, list[Membership]] = defaultdict(list)
    for row in await connection.fetch(SQL["groups"], tenant, list(known)):
        groups[row["user_id"]].append(MEMBERS.read(row))
    ends = await _ends(connection, tenant, Kind.USER, known)
    return [
        Person(
            user=msgspec.structs.replace(user, end=ends.get(key, Head())),
            grants=tuple(grants[key]),
            groups=tuple(groups[key]),
        )
        for key, user in known.items()
    ]


async def load_token(connection: asyncpg.Connection, tenant: int, roster: Roster, key: str) -> None:
    """If it is there."""
    token = await read_token(connection, tenant, key)
    if token is not None:
        roster.load_token(token)


async def read_token(connection: asyncpg.Connection, tenant: int, key: str) -> Token | None:
    """As it is now."""
    row = await connection.fetchrow(SQL["token"], tenant, key)
    if row is None:
        return None
    ends = await _ends(connection, tenant, Kind.TOKEN, [key])
    return msgspec.structs.replace(TOKENS.read(row), end=ends.get(key, Head()))


async def read_person(connection: asyncpg.Connection, tenant: int, key: str) -> Person | None:
    """As it is now, by its id or its handle."""
    roster = Roster()
    await load_people(connection, tenant, roster, [key])
    return roster.find(key)


async def _ends(
    connection: asyncpg.Connection, tenant: int, kind: Kind, keys: Iterable[str]
) -> dict[str, Head]:
    rows = await connection.fetch(SQL["ends"], tenant, kind, list(keys))
    return {row["object_id"]: Head(row["length"], row["head"]) for row in rows}
