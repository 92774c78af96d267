"""What is read of people and tokens, as `web` and the command line see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.people.person import Person
from gateway.people.token import Token

TokenPosition = tuple[datetime, str]
"""When it was made, and its id."""


@dataclass(frozen=True, slots=True)
class GroupSize:
    """A group, and how many are in it."""

    name: str
    members: int


class PeopleReader(Protocol):
    """Reads of one tenant. Raises NotFound, and Unavailable while the ledger is away."""

    async def person(self, tenant: int, name: str) -> Person:
        """By id, or by handle as `@anna` names it."""

    async def page(self, tenant: int, group: str, after: str, limit: int) -> Sequence[Person]:
        """At most *limit* users whose handle comes after *after*, in its order. *group* empty: of
        all.
        """

    async def enabled(
        self, tenant: int, beginning: str, after: str, limit: int
    ) -> Sequence[Person]:
        """As `page`, of those who can do something, and whose handle begins so."""

    async def in_project(
        self, tenant: int, project: str, after: str, limit: int
    ) -> Sequence[Person]:
        """As `page`, of those who have a role in it."""

    async def groups(self, tenant: int, after: str, limit: int) -> Sequence[GroupSize]:
        """At most *limit* whose name comes after *after*, in its order."""


class TokenReader(Protocol):
    """Reads of one tenant's tokens."""

    async def page(
        self, tenant: int, user: str | None, after: TokenPosition | None, limit: int
    ) -> Sequence[Token]:
        """At most *limit* made before *after*, latest first. *user* None: of all."""
