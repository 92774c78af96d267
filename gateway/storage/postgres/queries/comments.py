"""Comments as people read them."""

from collections.abc import Sequence

from sqlalchemy import select

from gateway.comments.comment import Comment, Revision
from gateway.errors import NotFound
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.rows import COMMENTS, REVISIONS
from gateway.storage.postgres.kernel.tables import comment_revisions, comments, tickets


class CommentQueries:
    """See `CommentReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, tenant: int, ticket_id: str, after: str | None, limit: int
    ) -> list[Comment]:
        """Latest first."""
        query = select(*COMMENTS.selected()).where(
            comments.c.tenant_id == tenant, comments.c.ticket_id == ticket_id
        )
        if after is not None:
            query = query.where(comments.c.id < after)
        async with self._database.tenant(tenant) as transaction:
            await _check_ticket(transaction, ticket_id)
            rows = await transaction.connection.execute(
                query.order_by(comments.c.id.desc()).limit(limit)
            )
            return [COMMENTS.read(row._mapping) for row in rows]

    async def one(
        self, tenant: int, ticket_id: str, comment_id: str
    ) -> tuple[Comment, Sequence[Revision]]:
        """With its revisions."""
        query = select(*COMMENTS.selected()).where(
            comments.c.tenant_id == tenant,
            comments.c.ticket_id == ticket_id,
            comments.c.id == comment_id,
        )
        of_comment = (
            select(*REVISIONS.selected())
            .where(
                comment_revisions.c.tenant_id == tenant,
                comment_revisions.c.ticket_id == ticket_id,
                comment_revisions.c.comment_id == comment_id,
            )
            .order_by(comment_revisions.c.number)
        )
        async with self._database.tenant(tenant) as transaction:
            found = (await transaction.connection.execute(query)).first()
            if found is None:
                raise NotFound(f"no comment {comment_id}")
            before = await transaction.connection.execute(of_comment)
            revisions = [REVISIONS.read(row._mapping) for row in before]
            return COMMENTS.read(found._mapping), revisions


async def _check_ticket(transaction: Transaction, ticket_id: str) -> None:
    query = select(tickets.c.id).where(
        tickets.c.tenant_id == transaction.tenant, tickets.c.id == ticket_id
    )
    if (await transaction.connection.execute(query)).first() is None:
        raise NotFound(f"no ticket {ticket_id}")
