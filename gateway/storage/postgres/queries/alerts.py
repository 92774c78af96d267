"""Alerts as people read them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Row, Select, and_, exists, func, select
from sqlalchemy.sql import ColumnElement

from gateway.access.principal import Principal
from gateway.alerts.alert import AlertStatus, shown_end
from gateway.alerts.severity import Severity
from gateway.alerts.view import AlertFilter, AlertPosition, AlertView, SourceView, StrandView
from gateway.errors import Refused
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.tables import (
    alerts,
    is_one_of,
    reports,
    strands,
    tickets,
)
from gateway.storage.postgres.queries.visibility import visible
from gateway.tickets.ticket import TicketStatus
from gateway.tickets.triage import triage_of
from matchers import Matcher, Operator

SCAN_AT_MOST = 200_000
"""Rows looked at for one page when regexes must be tried one by one."""


class TooBroad(Refused):
    """Too many alerts would have to be looked at one by one."""


class AlertQueries:
    """Reads of alerts in the tenant of *by*; tickets that it does not see are on none of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, by: Principal, narrowed: AlertFilter, after: AlertPosition | None, limit: int
    ) -> list[AlertView]:
        """At most *limit* alerts after *after*, newest first."""
        async with self._database.tenant(by.tenant) as transaction:
            rows = await _scan(transaction, by, narrowed, after, limit)
            return await views(transaction, by, rows)

    async def one(self, by: Principal, fingerprint: bytes) -> AlertView | None:
        """The alert, if this tenant has it."""
        query = select(alerts).where(
            alerts.c.tenant_id == by.tenant, alerts.c.fingerprint == fingerprint
        )
        async with self._database.tenant(by.tenant) as transaction:
            row = (await transaction.connection.execute(query)).first()
            return None if row is None else (await views(transaction, by, [row]))[0]


async def _scan(
    transaction: Transaction,
    by: Principal,
    narrowed: AlertFilter,
    after: AlertPosition | None,
    limit: int,
) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    picky = bool(narrowed.matchers or narrowed.strand_matchers)
    scanned, step = 0, max(limit, 1000) if picky else limit
    while len(found) < limit:
        if scanned >= SCAN_AT_MOST:
            raise TooBroad("too many alerts to try: add a status or an equality", "too_broad")
        query = _query(by, narrowed, after).limit(step)
        rows = (await transaction.connection.execute(query)).all()
        found.extend(await _taken(transaction, narrowed, rows))
        scanned += len(rows)
        if len(rows) < step:
            break
        after = rows[-1].first_seen, rows[-1].fingerprint.hex()
    return found[:limit]


async def _taken(
    transaction: Transaction, narrowed: AlertFilter, rows: Sequence[Row[Any]]
) -> list[Row[Any]]:
    """Those that the matchers take. The database has been asked for equality already."""
    taken = [row for row in rows if _all_match(narrowed.matchers, row.labels)]
    if not narrowed.strand_matchers or not taken:
        return taken
    query = select(strands.c.fingerprint, strands.c.labels).where(
        strands.c.tenant_id == transaction.tenant,
        is_one_of(strands.c.fingerprint, (row.fingerprint for row in taken)),
        strands.c.firing,
        ~strands.c.expired,
    )
    matching = {
        strand.fingerprint
        for strand in await transaction.connection.execute(query)
        if _all_match(narrowed.strand_matchers, strand.labels)
    }
    return [row for row in taken if row.fingerprint in matching]


def _all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)


def _query(by: Principal, narrowed: AlertFilter, after: AlertPosition | None) -> Select[Any]:
    query = select(alerts).where(alerts.c.tenant_id == by.tenant)
    if narrowed.status is not None:
        query = query.where(alerts.c.status == narrowed.status)
    if narrowed.ticket is not None:
        seen = (tickets.c.tenant_id == by.tenant) & (tickets.c.id == narrowed.ticket) & visible(by)
        query = query.where(alerts.c.ticket_id == narrowed.ticket, exists(select(1).where(seen)))
    query = query.where(*_equalities(narrowed.matchers, alerts.c.labels))
    if equal := _equalities(narrowed.strand_matchers, strands.c.labels):
        of_alert = (
            strands.c.tenant_id == alerts.c.tenant_id,
            strands.c.fingerprint == alerts.c.fingerprint,
        )
        query = query.where(exists(select(1).where(*of_alert, *equal)))
    if after is not None:
        first_seen, fingerprint = after
        query = query.where(
            (alerts.c.first_seen < first_seen)
            | and_(
                alerts.c.first_seen == first_seen,
                alerts.c.fingerprint > bytes.fromhex(fingerprint),
            )
        )
    return query.order_by(alerts.c.first_seen.desc(), alerts.c.fingerprint)


def _equalities(matchers: Iterable[Matcher], labels: Column[Any]) -> list[ColumnElement[bool]]:
    """What the database can be asked of a label set; a missing label equals an empty one."""
    return [
        func.coalesce(labels[matcher.name].astext, "") == matcher.value
        for matcher in matchers
        if matcher.op is Operator.EQUAL
    ]


async def views(
    transaction: Transaction, by: Principal, rows: Sequence[Row[Any]]
) -> list[AlertView]:
    """*rows* of `alerts` with what their strands and reports say, in the same order."""
    keys = [row.fingerprint for row in rows]
    if not keys:
        return []
    query = (
        select(strands)
        .where(strands.c.tenant_id == transaction.tenant, is_one_of(strands.c.fingerprint, keys))
        .order_by(strands.c.last_seen.desc())
    )
    found = (await transaction.connection.execute(query)).all()
    sources = await _sources(transaction, found)
    strands_of: dict[bytes, list[StrandView]] = {}
    for strand in found:
        view = _strand_view(strand, sources.get(strand.strand, ()))
        strands_of.setdefault(strand.fingerprint, []).append(view)
    statuses = await _tickets(transaction, by, rows)
    return [
        _alert_view(row, strands_of.get(row.fingerprint, []), statuses.get(row.ticket_id))
        for row in rows
    ]


async def _tickets(
    transaction: Transaction, by: Principal, rows: Sequence[Row[Any]]
) -> dict[str | None, TicketStatus]:
    """How the tickets of *rows* that *by* sees stand, by id."""
    query = select(tickets.c.id, tickets.c.status).where(
        tickets.c.tenant_id == transaction.tenant,
        is_one_of(tickets.c.id, {row.ticket_id for row in rows} - {None}),
        visible(by),
    )
    found = await transaction.connection.execute(query)
    return {row.id: TicketStatus(row.status) for row in found}


async def _sources(
    transaction: Transaction, found: Sequence[Row[Any]]
) -> dict[bytes, list[SourceView]]:
    query = (
        select(reports)
        .where(
            reports.c.tenant_id == transaction.tenant,
            is_one_of(reports.c.strand, (strand.strand for strand in found)),
        )
        .order_by(reports.c.source)
    )
    sources: dict[bytes, list[SourceView]] = {}
    for row in await transaction.connection.execute(query):
        view = SourceView(row.source, row.source_fingerprint, row.url, row.last_seen)
        sources.setdefault(row.strand, []).append(view)
    return sources


def _strand_view(row: Row[Any], sources: Sequence[SourceView]) -> StrandView:
    return StrandView(
        strand=row.strand.hex(),
        labels=row.labels,
        severity=Severity(row.severity),
        firing=row.firing,
        expired=row.expired,
        last_seen=row.last_seen,
        occurrences=row.occurrences,
        last_outcome=row.last_outcome,
        sources=tuple(sources),
    )


def _alert_view(
    row: Row[Any], found: Sequence[StrandView], ticket: TicketStatus | None
) -> AlertView:
    return AlertView(
        fingerprint=row.fingerprint.hex(),
        labels=row.labels,
        annotations=row.annotations,
        severity=row.severity,
        status=row.status,
        silenced=row.silenced,
        triage=triage_of(AlertStatus(row.status), ticket),
        rule=row.rule,
        ticket_id=None if ticket is None else row.ticket_id,
        starts_at=row.starts_at,
        ends_at=shown_end(row.starts_at, row.ends_at),
        quiet_until=row.quiet_until,
        first_seen=row.first_seen,
        episodes=row.episodes,
        strands=found,
    )
