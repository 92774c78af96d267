"""What hangs on a ticket and grows without bound, a page at a time: its alerts, its history."""

from collections.abc import Sequence

from sqlalchemy import and_, not_, select

from gateway.access.principal import Principal
from gateway.access.withheld import Withheld, knows_of_internal
from gateway.history.chain import Chained
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.kernel.rows import HISTORY
from gateway.storage.postgres.kernel.tables import alerts, history, is_one_of, ticket_alerts
from gateway.storage.postgres.queries.alerts import views
from gateway.tickets.ticket import Ticket
from gateway.tickets.view import JoinedAlert, JoinedPosition


async def joined_alerts(
    transaction: Transaction,
    by: Principal,
    ticket_id: str,
    after: JoinedPosition | None,
    limit: int,
) -> list[JoinedAlert]:
    """At most *limit* alerts after *after*, who joined last first."""
    tenant, links = transaction.tenant, ticket_alerts.c
    wanted = select(links.fingerprint, links.joined_at).where(
        links.tenant_id == tenant, links.ticket_id == ticket_id
    )
    if after is not None:
        joined_at, fingerprint = after
        same_moment = and_(
            links.joined_at == joined_at, links.fingerprint > bytes.fromhex(fingerprint)
        )
        wanted = wanted.where((links.joined_at < joined_at) | same_moment)
    page = wanted.order_by(links.joined_at.desc(), links.fingerprint).limit(limit).subquery()
    query = (
        select(alerts, page.c.joined_at)
        .join(page, alerts.c.fingerprint == page.c.fingerprint)
        .where(alerts.c.tenant_id == tenant)
        .order_by(page.c.joined_at.desc(), page.c.fingerprint)
    )
    rows = (await transaction.connection.execute(query)).all()
    shown = zip(rows, await views(transaction, by, rows), strict=True)
    return [JoinedAlert(row.joined_at, view) for row, view in shown]


async def latest_entries(
    transaction: Transaction,
    by: Principal,
    ticket: Ticket,
    withheld: Withheld,
    before: int | None,
    limit: int,
) -> list[Chained]:
    """At most *limit* entries of its history below the sequence *before*, latest first."""
    query = select(*HISTORY.selected()).where(
        history.c.tenant_id == transaction.tenant,
        history.c.kind == "ticket",
        history.c.object_id == ticket.id,
    )
    if withheld.fields and not knows_of_internal(by, ticket.project):
        query = query.where(not_(is_one_of(history.c.field, withheld.entries)))
    if before is not None:
        query = query.where(history.c.sequence < before)
    query = query.order_by(history.c.sequence.desc()).limit(limit)
    found = await transaction.connection.execute(query)
    return [HISTORY.read(row) for row in found.mappings()]


def texts_of(entries: Sequence[Chained]) -> list[str | None]:
    """In which other tickets may be named."""
    return [text for one in entries for text in (one.entry.old, one.entry.new, one.entry.comment)]
