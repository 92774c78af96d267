"""Comments as people read them."""

from typing import Any

from sqlalchemy import Select, select

from gateway.access.permission import Permission, Role
from gateway.access.principal import Principal
from gateway.comments.comment import Visibility
from gateway.comments.view import CommentsView
from gateway.errors import NotFound
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.rows import COMMENTS, REVISIONS
from gateway.storage.postgres.kernel.tables import comment_revisions, comments, tickets
from gateway.storage.postgres.queries.visibility import visible


class CommentQueries:
    """See `CommentReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, by: Principal, ticket_id: str, after: str | None, limit: int
    ) -> CommentsView:
        """Latest first."""
        async with self._database.tenant(by.tenant) as transaction:
            whole = await _reads_whole(transaction, by, ticket_id)
            query = _of_ticket(by, ticket_id, whole=whole)
            if after is not None:
                query = query.where(comments.c.id < after)
            rows = await transaction.connection.execute(
                query.order_by(comments.c.id.desc()).limit(limit)
            )
            return CommentsView([COMMENTS.read(row._mapping) for row in rows], whole)

    async def one(self, by: Principal, ticket_id: str, comment_id: str) -> CommentsView:
        """With its revisions."""
        of_comment = (
            select(*REVISIONS.selected())
            .where(
                comment_revisions.c.tenant_id == by.tenant,
                comment_revisions.c.ticket_id == ticket_id,
                comment_revisions.c.comment_id == comment_id,
            )
            .order_by(comment_revisions.c.number)
        )
        async with self._database.tenant(by.tenant) as transaction:
            whole = await _reads_whole(transaction, by, ticket_id)
            query = _of_ticket(by, ticket_id, whole=whole).where(comments.c.id == comment_id)
            found = (await transaction.connection.execute(query)).first()
            if found is None:
                raise NotFound(f"no comment {comment_id}")
            before = await transaction.connection.execute(of_comment)
            revisions = [REVISIONS.read(row._mapping) for row in before]
            return CommentsView([COMMENTS.read(found._mapping)], whole, revisions)


async def _reads_whole(transaction: Transaction, by: Principal, ticket_id: str) -> bool:
    """Does *by* read internal comments too? Raises NotFound for a ticket that it does not see."""
    query = select(tickets.c.project).where(
        tickets.c.tenant_id == transaction.tenant, tickets.c.id == ticket_id, visible(by)
    )
    found = (await transaction.connection.execute(query)).first()
    if found is None:
        raise NotFound(f"no ticket {ticket_id}")
    by.check(Permission.COMMENTS_READ, found.project)
    return by.may(Permission.COMMENTS_INTERNAL, found.project)


def _of_ticket(by: Principal, ticket_id: str, *, whole: bool) -> Select[Any]:
    """Auditors are to see that there are internal ones: completeness is theirs to check."""
    query = select(*COMMENTS.selected()).where(
        comments.c.tenant_id == by.tenant, comments.c.ticket_id == ticket_id
    )
    if whole or by.role is Role.AUDITOR:
        return query
    return query.where(comments.c.visibility != Visibility.INTERNAL)
