"""What binds a ticket, as people read it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Select, Text, and_, func, literal, select, tuple_, union_all
from sqlalchemy.sql import ColumnElement

from gateway.access.principal import Principal
from gateway.errors import NotFound
from gateway.links.link import LinkKind
from gateway.links.reference import Reference
from gateway.links.view import LinkPosition
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.rows import REFERENCES
from gateway.storage.postgres.kernel.tables import (
    is_one_of,
    ticket_links,
    ticket_refs,
    tickets,
    watchers,
)
from gateway.storage.postgres.queries.visibility import visible
from gateway.tickets.ticket import LIVE, TicketStatus
from gateway.tickets.view import Linked, LinkedTicket


class LinkQueries:
    """See `LinkReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def links(
        self, by: Principal, ticket_id: str, after: LinkPosition | None, limit: int
    ) -> list[LinkedTicket]:
        """From both ends."""
        async with self._of_ticket(by, ticket_id) as transaction:
            return await links_of(transaction, by, ticket_id, after, limit)

    async def references(self, by: Principal, ticket_id: str) -> list[Reference]:
        """By kind and name."""
        query = (
            select(*REFERENCES.selected())
            .where(ticket_refs.c.tenant_id == by.tenant, ticket_refs.c.ticket_id == ticket_id)
            .order_by(ticket_refs.c.kind, ticket_refs.c.reference)
        )
        async with self._of_ticket(by, ticket_id) as transaction:
            rows = await transaction.connection.execute(query)
            return [REFERENCES.read(row._mapping) for row in rows]

    async def watchers(self, by: Principal, ticket_id: str) -> list[str]:
        """In the order of their ids."""
        query = (
            select(watchers.c.user_id)
            .where(watchers.c.tenant_id == by.tenant, watchers.c.ticket_id == ticket_id)
            .order_by(watchers.c.user_id)
        )
        async with self._of_ticket(by, ticket_id) as transaction:
            return list(await transaction.connection.scalars(query))

    @asynccontextmanager
    async def _of_ticket(self, by: Principal, ticket_id: str) -> AsyncIterator[Transaction]:
        known = select(1).where(
            tickets.c.tenant_id == by.tenant, tickets.c.id == ticket_id, visible(by)
        )
        async with self._database.tenant(by.tenant) as transaction:
            if (await transaction.connection.execute(known)).first() is None:
                raise NotFound(f"no ticket {ticket_id}")
            yield transaction


async def linked(transaction: Transaction, by: Principal, ticket_id: str, limit: int) -> Linked:
    """At most *limit* of the ticket's links, its parent, and how many children it has: of those
    that *by* sees.
    """
    run, end = transaction.connection, ticket_links.c
    family = end.tenant_id == by.tenant, end.kind == str(LinkKind.PARENT), visible(by)
    parents = (
        select(end.from_id)
        .join(tickets, _same_ticket(by, end.from_id))
        .where(*family, end.to_id == ticket_id)
    )
    live = func.count().filter(is_one_of(tickets.c.status, sorted(LIVE)))
    children = (
        select(func.count(), live)
        .select_from(ticket_links.join(tickets, _same_ticket(by, end.to_id)))
        .where(*family, end.from_id == ticket_id)
    )
    counted = (await run.execute(children)).one()
    links = await links_of(transaction, by, ticket_id, None, limit)
    return Linked(links, await run.scalar(parents), *counted)


async def links_of(
    transaction: Transaction,
    by: Principal,
    ticket_id: str,
    after: LinkPosition | None,
    limit: int,
) -> list[LinkedTicket]:
    """At most *limit* after *after*: by kind, which end the other is, and its id."""
    parts = [_page(by, part, after, limit) for part in _parts(by.tenant, ticket_id)]
    ends = union_all(*(select(part.subquery()) for part in parts)).subquery()
    query = select(ends).order_by(ends.c.kind, ends.c.is_from, ends.c.id).limit(limit)
    return [
        LinkedTicket(row.kind, row.is_from, row.id, row.number, row.title, TicketStatus(row.status))
        for row in await transaction.connection.execute(query)
    ]


def _page(by: Principal, part: Select[Any], after: LinkPosition | None, limit: int) -> Select[Any]:
    """Each part by itself: all of a ticket's links may be many."""
    ends = part.subquery()
    query = (
        select(ends, tickets.c.number, tickets.c.title, tickets.c.status)
        .join(tickets, _same_ticket(by, ends.c.id))
        .where(visible(by))
    )
    if after is not None:
        place = tuple_(*(literal(one) for one in after))
        query = query.where(tuple_(ends.c.kind, ends.c.is_from, ends.c.id) > place)
    return query.order_by(ends.c.kind, ends.c.is_from, ends.c.id).limit(limit)


def _same_ticket(by: Principal, ticket_id: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(tickets.c.tenant_id == by.tenant, tickets.c.id == ticket_id)


def _parts(tenant: int, ticket_id: str) -> list[Select[Any]]:
    """Kind, whether the other end is `from`, and its id."""
    links, duplicates = ticket_links.c, literal(str(LinkKind.DUPLICATES), Text)
    own = tickets.c.tenant_id == tenant, tickets.c.id == ticket_id
    of_tenant = links.tenant_id == tenant
    return [
        _part(links.kind, links.to_id).where(of_tenant, links.from_id == ticket_id),
        _part(links.kind, links.from_id, is_from=True).where(of_tenant, links.to_id == ticket_id),
        _part(duplicates, tickets.c.duplicate_of).where(*own, tickets.c.duplicate_of.is_not(None)),
        _part(duplicates, tickets.c.id, is_from=True).where(
            tickets.c.tenant_id == tenant, tickets.c.duplicate_of == ticket_id
        ),
        _part(literal(str(LinkKind.FOLLOWS), Text), tickets.c.follows).where(
            *own, tickets.c.follows.is_not(None)
        ),
    ]


def _part(
    kind: ColumnElement[str], other: ColumnElement[Any], *, is_from: bool = False
) -> Select[Any]:
    return select(kind.label("kind"), literal(is_from).label("is_from"), other.label("id"))
