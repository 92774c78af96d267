"""Tickets as people read them."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_, func, select

from gateway.access.principal import Principal
from gateway.access.withheld import withheld_from
from gateway.errors import NotFound
from gateway.storage.postgres.kernel.bound.unseen import unseen_in
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.rows import TICKETS
from gateway.storage.postgres.kernel.tables import (
    alerts,
    is_one_of,
    strands,
    ticket_alerts,
    tickets,
    windows,
)
from gateway.storage.postgres.queries.links import linked
from gateway.storage.postgres.queries.named_people import people_named
from gateway.storage.postgres.queries.ticket_lists import listed, seen
from gateway.storage.postgres.queries.ticket_parts import joined_alerts, latest_entries, texts_of
from gateway.storage.postgres.statements import load
from gateway.tickets.view import (
    FoundHistory,
    FoundTickets,
    JoinedAlert,
    JoinedPosition,
    TicketFilter,
    TicketView,
)

SQL = load("tickets")


class TicketQueries:
    """Reads of tickets that *by* sees, in its tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, by: Principal, narrowed: TicketFilter, after: str | None, limit: int
    ) -> FoundTickets:
        """At most *limit* tickets older than the one with id *after*, newest first."""
        async with self._database.tenant(by.tenant) as transaction:
            ids, walked_to = await listed(transaction, by, narrowed, after, limit)
            query = _tickets(by).where(is_one_of(tickets.c.id, ids))
            query = query.order_by(tickets.c.id.desc())
            rows = (await transaction.connection.execute(query)).all()
            counts = await _counts(transaction, ids)
            internal = (await self._database.book(transaction)).internal_fields
            views = [_view(row, counts, by, internal) for row in rows]
            views = await _but_unseen(transaction, by, views)
        return FoundTickets(views, walked_to)

    async def one(self, by: Principal, ticket_id: str, limit: int) -> TicketView | None:
        """The ticket with at most *limit* of its newest alerts and of its latest entries."""
        async with self._database.tenant(by.tenant) as transaction:
            query = _tickets(by).where(tickets.c.id == ticket_id)
            row = (await transaction.connection.execute(query)).first()
            if row is None:
                return None
            internal = (await self._database.book(transaction)).internal_fields
            view = _view(row, await _counts(transaction, [ticket_id]), by, internal)
            view = replace(
                view,
                alerts=await joined_alerts(transaction, by, ticket_id, None, limit),
                history=await latest_entries(
                    transaction, by, view.ticket, view.withheld, None, limit
                ),
                moved_by=await _named(transaction, "moved_by", ticket_id),
                newer_live=await _named(transaction, "newer_live", ticket_id),
                linked=await linked(transaction, by, ticket_id, limit),
            )
            [view] = await _but_unseen(transaction, by, [view])
            return replace(view, people=await people_named(transaction, by, view))

    async def id_of(self, by: Principal, number: int) -> str | None:
        """Of the ticket with this number."""
        query = select(tickets.c.id).where(*seen(by), tickets.c.number == number)
        async with self._database.tenant(by.tenant) as transaction:
            found: str | None = await transaction.connection.scalar(query)
            return found

    async def alerts(
        self, by: Principal, ticket_id: str, after: JoinedPosition | None, limit: int
    ) -> list[JoinedAlert]:
        """At most *limit* of its alerts after *after*, who joined last first; raises NotFound."""
        async with self._of_ticket(by, ticket_id) as transaction:
            return await joined_alerts(transaction, by, ticket_id, after, limit)

    async def history(
        self, by: Principal, ticket_id: str, before: int | None, limit: int
    ) -> FoundHistory:
        """At most *limit* entries below the sequence *before*, latest first; raises NotFound."""
        query = select(*TICKETS.selected()).where(*seen(by), tickets.c.id == ticket_id)
        async with self._database.tenant(by.tenant) as transaction:
            row = (await transaction.connection.execute(query)).first()
            if row is None:
                raise NotFound(f"no ticket {ticket_id}")
            ticket = TICKETS.read(row._mapping)
            internal = (await self._database.book(transaction)).internal_fields
            withheld = withheld_from(by, ticket.project, internal)
            found = await latest_entries(transaction, by, ticket, withheld, before, limit)
            unseen = await unseen_in(transaction.connection, by, texts_of(found))
            return FoundHistory(found, replace(withheld, tickets=unseen))

    @asynccontextmanager
    async def _of_ticket(self, by: Principal, ticket_id: str) -> AsyncIterator[Transaction]:
        known = select(1).where(*seen(by), tickets.c.id == ticket_id)
        async with self._database.tenant(by.tenant) as transaction:
            if (await transaction.connection.execute(known)).first() is None:
                raise NotFound(f"no ticket {ticket_id}")
            yield transaction


async def _but_unseen(
    transaction: Transaction, by: Principal, views: Sequence[TicketView]
) -> list[TicketView]:
    """With the ids that they name and *by* is not to hear of."""
    texts: list[str | None] = []
    for one in views:
        texts += [one.ticket.follows, one.ticket.duplicate_of, *texts_of(one.history)]
    unseen = await unseen_in(transaction.connection, by, texts)
    if not unseen:
        return list(views)
    return [replace(one, withheld=replace(one.withheld, tickets=unseen)) for one in views]


async def _named(transaction: Transaction, statement: str, ticket_id: str) -> str:
    """Somebody, or another ticket; empty: none."""
    found = await transaction.driver.fetchval(SQL[statement], transaction.tenant, ticket_id)
    return found or ""


def _tickets(by: Principal) -> Select[Any]:
    of_window = and_(
        windows.c.tenant_id == tickets.c.tenant_id,
        windows.c.merge_key == tickets.c.merge_key,
        windows.c.ticket_id == tickets.c.id,
    )
    return (
        select(
            *TICKETS.selected(),
            windows.c.opened_at.label("window_opened_at"),
            windows.c.ends_at.label("window_ends_at"),
        )
        .select_from(tickets.outerjoin(windows, of_window))
        .where(*seen(by))
    )


class _Counts(NamedTuple):
    """Of one ticket."""

    alerts: int = 0
    occurrences: int = 0


async def _counts(transaction: Transaction, ids: Sequence[str]) -> dict[str, _Counts]:
    """Alerts that are or were on each ticket, and what they counted while on it."""
    links, tenant = ticket_alerts.c, transaction.tenant
    left = func.sum(func.coalesce(links.occurrences_after, 0) - links.occurrences_before)
    of_links = (
        select(links.ticket_id, func.count().label("alerts"), left.label("occurrences"))
        .where(links.tenant_id == tenant, is_one_of(links.ticket_id, ids))
        .group_by(links.ticket_id)
    )
    # Those that are on a ticket now, by its own index: a look-up less for each than by its links.
    same = (strands.c.tenant_id == alerts.c.tenant_id) & (
        strands.c.fingerprint == alerts.c.fingerprint
    )
    of_strands = (
        select(alerts.c.ticket_id, func.sum(strands.c.occurrences).label("occurrences"))
        .select_from(alerts.join(strands, same))
        .where(alerts.c.tenant_id == tenant, is_one_of(alerts.c.ticket_id, ids))
        .group_by(alerts.c.ticket_id)
    )
    run = transaction.connection.execute
    counted = {row.ticket_id: int(row.occurrences) for row in await run(of_strands)}
    return {
        row.ticket_id: _Counts(row.alerts, int(row.occurrences) + counted.get(row.ticket_id, 0))
        for row in await run(of_links)
    }


def _view(
    row: Row[Any], counts: dict[str, _Counts], by: Principal, internal: Collection[str]
) -> TicketView:
    counted, ticket = counts.get(row.id, _Counts()), TICKETS.read(row._mapping)
    return TicketView(
        ticket=ticket,
        alerts_count=counted.alerts,
        occurrences=counted.occurrences,
        opened_at=row.window_opened_at,
        ends_at=row.window_ends_at,
        withheld=withheld_from(by, ticket.project, internal),
    )
