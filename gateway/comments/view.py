"""What people read of comments, as `web` sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.access.principal import Principal
from gateway.comments.comment import Comment, Revision


@dataclass(frozen=True, slots=True)
class CommentsView:
    """Comments on one ticket. *whole*: the reader may read internal ones too; else they are to be
    redacted.
    """

    comments: Sequence[Comment]
    whole: bool
    revisions: Sequence[Revision] = ()
    """If it is one: what it said before, in its order."""


class CommentReader(Protocol):
    """Reads of comments on tickets that *by* sees. Who only asks for things hears of internal ones
    not even that they are there. Raises NotFound, and Unavailable while the ledger is away.
    """

    async def page(
        self, by: Principal, ticket_id: str, after: str | None, limit: int
    ) -> CommentsView:
        """At most *limit* comments older than the one with id *after*, latest first."""

    async def one(self, by: Principal, ticket_id: str, comment_id: str) -> CommentsView:
        """With what it said before."""
