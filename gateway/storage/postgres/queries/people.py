"""People and tokens as they are listed."""

from gateway.errors import NotFound
from gateway.people.person import Person
from gateway.people.token import Token
from gateway.people.view import GroupSize, TokenPosition
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.people.load import SQL, read_people, read_person
from gateway.storage.postgres.kernel.people.rows import TOKENS, USERS


class PeopleQueries:
    """See `PeopleReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def person(self, tenant: int, name: str) -> Person:
        """By id or handle."""
        async with self._database.tenant(tenant) as transaction:
            found = await read_person(transaction.driver, tenant, name)
        if found is None:
            raise NotFound(f"no user {name}")
        return found

    async def page(self, tenant: int, group: str, after: str, limit: int) -> list[Person]:
        """By handle."""
        async with self._database.tenant(tenant) as transaction:
            driver = transaction.driver
            rows = await driver.fetch(SQL["members"], tenant, group, after, limit)
            return await read_people(driver, tenant, [USERS.read(row) for row in rows])

    async def enabled(self, tenant: int, beginning: str, after: str, limit: int) -> list[Person]:
        """By handle."""
        async with self._database.tenant(tenant) as transaction:
            driver = transaction.driver
            rows = await driver.fetch(SQL["enabled"], tenant, beginning, after, limit)
            return await read_people(driver, tenant, [USERS.read(row) for row in rows])

    async def in_project(self, tenant: int, project: str, after: str, limit: int) -> list[Person]:
        """By handle."""
        async with self._database.tenant(tenant) as transaction:
            driver = transaction.driver
            rows = await driver.fetch(SQL["in_project"], tenant, project, after, limit)
            return await read_people(driver, tenant, [USERS.read(row) for row in rows])

    async def groups(self, tenant: int, after: str, limit: int) -> list[GroupSize]:
        """By name."""
        async with self._database.tenant(tenant) as transaction:
            rows = await transaction.driver.fetch(SQL["group_names"], tenant, after, limit)
        return [GroupSize(row["group_name"], row["members"]) for row in rows]


class TokenQueries:
    """See `TokenReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, tenant: int, user: str | None, after: TokenPosition | None, limit: int
    ) -> list[Token]:
        """Latest first."""
        moment, key = after or (None, "")
        async with self._database.tenant(tenant) as transaction:
            driver = transaction.driver
            rows = await driver.fetch(SQL["tokens"], tenant, user, moment, key, limit)
        return [TOKENS.read(row) for row in rows]
