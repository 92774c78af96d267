"""Tickets as people read them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Row, Select, and_, exists, func, or_, select
from sqlalchemy.sql import ColumnElement

from gateway.alerts.severity import Severity
from gateway.storage.postgres.alert_queries import of_ticket
from gateway.storage.postgres.database import Database, Transaction
from gateway.storage.postgres.rows import TICKET
from gateway.storage.postgres.tables import (
    history,
    reports,
    strands,
    ticket_alerts,
    tickets,
    windows,
)
from gateway.tickets.desk import TicketFilter, TicketView
from gateway.tickets.history import Entry
from gateway.tickets.ticket import Ticket, TicketStatus


class TicketQueries:
    """Reads of one tenant's tickets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, tenant: int, narrowed: TicketFilter, after: str | None, limit: int
    ) -> list[TicketView]:
        """At most *limit* tickets older than the one with id *after*, newest first."""
        query = _narrow(_tickets(tenant), tenant, narrowed)
        if after is not None:
            query = query.where(tickets.c.id < after)
        query = query.order_by(tickets.c.id.desc()).limit(limit)
        async with self._database.tenant(tenant) as transaction:
            rows = (await transaction.connection.execute(query)).all()
            counts = await _occurrences(transaction, [row.id for row in rows])
        return [_view(row, counts) for row in rows]

    async def one(self, tenant: int, ticket_id: str) -> TicketView | None:
        """The ticket with its alerts and history, if this tenant has it."""
        async with self._database.tenant(tenant) as transaction:
            connection = transaction.connection
            query = _tickets(tenant).where(tickets.c.id == ticket_id)
            row = (await connection.execute(query)).first()
            if row is None:
                return None
            links = select(ticket_alerts.c.fingerprint).where(
                ticket_alerts.c.tenant_id == tenant, ticket_alerts.c.ticket_id == ticket_id
            )
            joined = (await connection.execute(links)).scalars()
            counts = await _occurrences(transaction, [ticket_id])
            return replace(
                _view(row, counts),
                alerts=await of_ticket(transaction, joined),
                history=[_entry(one) for one in await connection.execute(_history(tenant, row.id))],
            )


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        row.kind, row.object_id, row.at, row.actor, row.field, row.old, row.new, row.comment
    )


def _history(tenant: int, ticket_id: str) -> Select[Any]:
    return (
        select(history)
        .where(
            history.c.tenant_id == tenant,
            history.c.kind == "ticket",
            history.c.object_id == ticket_id,
        )
        .order_by(history.c.sequence)
    )


def _tickets(tenant: int) -> Select[Any]:
    of_window = and_(
        windows.c.tenant_id == tickets.c.tenant_id,
        windows.c.merge_key == tickets.c.merge_key,
        windows.c.ticket_id == tickets.c.id,
    )
    return (
        select(
            tickets,
            windows.c.opened_at.label("window_opened_at"),
            windows.c.ends_at.label("window_ends_at"),
        )
        .select_from(tickets.outerjoin(windows, of_window))
        .where(tickets.c.tenant_id == tenant)
    )


def _narrow(query: Select[Any], tenant: int, narrowed: TicketFilter) -> Select[Any]:
    if narrowed.status is not None:
        query = query.where(tickets.c.status == narrowed.status)
    if narrowed.priority is not None:
        query = query.where(tickets.c.priority == narrowed.priority)
    if narrowed.source is not None:
        query = query.where(_reported_by(tenant, narrowed.source))
    if narrowed.text is not None:
        query = query.where(_mentions(narrowed.text))
    return query


def _reported_by(tenant: int, source: str) -> ColumnElement[bool]:
    joined = ticket_alerts.join(
        strands,
        and_(
            strands.c.tenant_id == ticket_alerts.c.tenant_id,
            strands.c.fingerprint == ticket_alerts.c.fingerprint,
        ),
    ).join(
        reports,
        and_(reports.c.tenant_id == strands.c.tenant_id, reports.c.strand == strands.c.strand),
    )
    return exists(
        select(1)
        .select_from(joined)
        .where(
            ticket_alerts.c.tenant_id == tenant,
            ticket_alerts.c.ticket_id == tickets.c.id,
            reports.c.source == source,
        )
    )


def _mentions(text: str) -> ColumnElement[bool]:
    found = or_(
        tickets.c.title.icontains(text, autoescape=True),
        tickets.c.description.icontains(text, autoescape=True),
        tickets.c.id == text,
    )
    number = text.removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 18:
        found = or_(found, tickets.c.number == int(number))
    return found


async def _occurrences(transaction: Transaction, ids: Sequence[str]) -> dict[str, int]:
    """Sightings that each ticket's alerts counted while on it."""
    counted = (
        select(func.coalesce(func.sum(strands.c.occurrences), 0))
        .where(
            strands.c.tenant_id == ticket_alerts.c.tenant_id,
            strands.c.fingerprint == ticket_alerts.c.fingerprint,
        )
        .correlate(ticket_alerts)
        .scalar_subquery()
    )
    upto = func.coalesce(ticket_alerts.c.occurrences_after, counted)
    query = (
        select(
            ticket_alerts.c.ticket_id,
            func.sum(upto - ticket_alerts.c.occurrences_before).label("occurrences"),
        )
        .where(
            ticket_alerts.c.tenant_id == transaction.tenant,
            ticket_alerts.c.ticket_id.in_(list(ids)),
        )
        .group_by(ticket_alerts.c.ticket_id)
    )
    rows = await transaction.connection.execute(query)
    return {row.ticket_id: int(row.occurrences) for row in rows}


_DOMAIN = {"status": TicketStatus, "status_before": TicketStatus, "priority": Severity}


def _view(row: Row[Any], counts: dict[str, int]) -> TicketView:
    values = {name: row._mapping[name] for name in TICKET}
    for name, kind in _DOMAIN.items():
        values[name] = kind(values[name])
    values["labels"] = orjson.dumps(values["labels"])
    return TicketView(
        ticket=Ticket(**values),
        occurrences=counts.get(row.id, 0),
        opened_at=row.window_opened_at,
        ends_at=row.window_ends_at,
    )
