"""The door as commands' callers see it."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from gateway.access.principal import Principal
from gateway.changes.command import Command
from gateway.errors import Refused

Answer = TypeVar("Answer")
MOST_KEY_CHARACTERS = 255


class Perform(Protocol):
    """`perform(command, by, key)`: one transaction, whole or not at all."""

    async def __call__(
        self, command: Command[Any, Answer], by: Principal, key: str | None = None
    ) -> Answer:
        """Raises Forbidden, NotFound, Conflict, StaleVersion, Refused, Unavailable.

        *key*: a request that was done under it, by the same principal, is not done again; its
        answer is given. Another request under it is Refused (`key_reused`).
        """


@dataclass(eq=False)
class KeyReused(Refused):
    """The same key for another request."""

    code: str = "key_reused"
