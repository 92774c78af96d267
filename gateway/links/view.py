"""What people read of links, references and watchers, as `web` sees it."""

from collections.abc import Sequence
from typing import Protocol

from gateway.access.principal import Principal
from gateway.links.reference import Reference
from gateway.tickets.view import LinkedTicket

LinkPosition = tuple[str, bool, str]
"""Kind, whether the other end is `from`, and its id: of the last link shown."""


class LinkReader(Protocol):
    """Reads of what binds one ticket that *by* sees. Raises NotFound, and Unavailable while the
    ledger is away.
    """

    async def links(
        self, by: Principal, ticket_id: str, after: LinkPosition | None, limit: int
    ) -> Sequence[LinkedTicket]:
        """At most *limit*, in the order of their positions."""

    async def references(self, by: Principal, ticket_id: str) -> Sequence[Reference]:
        """All of them, by kind and name."""

    async def watchers(self, by: Principal, ticket_id: str) -> Sequence[str]:
        """Their ids, in order."""
