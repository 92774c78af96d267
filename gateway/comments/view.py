"""What people read of comments, as `web` sees it."""

from collections.abc import Sequence
from typing import Protocol

from gateway.comments.comment import Comment, Revision


class CommentReader(Protocol):
    """Reads of one tenant's comments. Raises NotFound, and Unavailable while the ledger is away."""

    async def page(
        self, tenant: int, ticket_id: str, after: str | None, limit: int
    ) -> Sequence[Comment]:
        """At most *limit* comments older than the one with id *after*, latest first."""

    async def one(
        self, tenant: int, ticket_id: str, comment_id: str
    ) -> tuple[Comment, Sequence[Revision]]:
        """With what it said before, in its order."""
