"""Who has presented a token: senders are known by the book, everybody else is looked up."""

from typing import Protocol

from gateway.access.book import SendersBook
from gateway.access.principal import Principal
from gateway.access.token import Presented
from gateway.access.uses import TokenUses
from gateway.clock import Clock


class Callers(Protocol):
    """Both raise Unavailable while that cannot be known."""

    async def of_token(self, presented: Presented) -> Principal | None:
        """None: it is no token, has expired or was revoked, or its user is disabled."""

    async def of_handle(self, tenant: int, handle: str) -> Principal | None:
        """The user, as an administrator; None: nobody has the handle. Raises Forbidden if the user
        is disabled.
        """


class KnownCallers:
    """Callers with the book before them: no known sender waits for a look-up."""

    def __init__(self, book: SendersBook, looked_up: Callers, uses: TokenUses, clock: Clock):
        self._book = book
        self._looked_up = looked_up
        self._uses = uses
        self._clock = clock

    async def of_token(self, presented: Presented) -> Principal | None:
        """See `Callers`. Nothing is remembered of people."""
        now = self._clock()
        sender = self._book.find(presented)
        if sender is None:
            found = await self._looked_up.of_token(presented)
        else:
            found = sender.principal if sender.holds_at(now) else None
        if found is not None:
            self._uses.note(found.tenant, presented.id, now)
        return found

    async def of_handle(self, tenant: int, handle: str) -> Principal | None:
        """See `Callers`."""
        return await self._looked_up.of_handle(tenant, handle)
