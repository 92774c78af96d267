"""A tenant's people, administered through the one door."""

from dataclasses import dataclass, field
from typing import Any

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.desk.role import GrantRole
from gateway.desk.token import CreateToken
from gateway.desk.user import AddUser
from gateway.events.event import EventType
from gateway.events.routing import Route
from gateway.people.person import Person
from gateway.people.token import NewToken
from gateway.storage.postgres.kernel.perform import Door
from tests.world import World

ROOT = Principal(1, "local:root", Role.ADMIN)
"""Who makes the first admin: nobody's user."""


@dataclass
class Office:
    """Of one world."""

    world: World
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        self.door = Door(self.world.database, [Route("hook", frozenset(EventType))])

    async def do(self, command: Any, by: Principal = ROOT, key: str | None = None) -> Any:
        return await self.door.perform(command, by, key)

    async def add(self, handle: str, role: str = "", project: str = "", **more: str) -> Person:
        person: Person = await self.do(AddUser(handle=handle, **more))
        if role:
            grant = GrantRole(user=person.user.id, role=role, project=project)
            person = await self.do(grant)
        return person

    async def token(self, by: Principal = ROOT, **more: Any) -> NewToken:
        made: NewToken = await self.do(CreateToken(**{"name": "one", **more}), by)
        return made

    async def entries(self, object_id: str) -> list[tuple[str, str | None, str | None]]:
        rows = await self.world.rows(
            "SELECT field, old, new FROM history WHERE object_id = $1 ORDER BY sequence", object_id
        )
        return [(row["field"], row["old"], row["new"]) for row in rows]

    async def senders_version(self) -> int:
        rows = await self.world.rows("SELECT tokens_version FROM installation")
        return int(rows[0]["tokens_version"])


def as_user(person: Person, tenant: int = 1) -> Principal:
    """When they ask themselves."""
    return person.principal(tenant)
