"""Loads a tenant's working set under its locks: how a transaction begins; save.py is its end.

Lock order: windows, alerts, strands, tickets (`rows.py`), the tenant's number counter; each sorted
by key.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from gateway.alerts.identity import Identity
from gateway.effects.working_set import WorkingSet
from gateway.errors import Conflict
from gateway.storage.postgres.kernel import rows as row
from gateway.storage.postgres.kernel.stored import Noun, Stored
from gateway.storage.postgres.statements import load

SQL = load("ledger")


class RowsMoved(Conflict):
    """Between the look and the lock an alert went to another window, or a strand to another alert:
    start over.
    """


async def enter_tenant(connection: asyncpg.Connection, tenant: int) -> int:
    """See this tenant's rows until the transaction ends; returns its silence version."""
    found = await connection.fetchrow(SQL["enter_tenant"], tenant)
    if found is None:
        raise LookupError(f"no tenant {tenant}")
    return int(found["silence_version"])


async def load_for_sightings(
    connection: asyncpg.Connection, tenant: int, identities: Sequence[Identity]
) -> WorkingSet:
    """What sightings may touch: the alerts that they name, and those that their strands are of."""
    strands = sorted({one.strand for one in identities})
    found = await connection.fetch(SQL["peek_strands"], tenant, strands)
    known = {place["strand"]: place["fingerprint"] for place in found}
    named = [one.fingerprint for one in identities]
    keys = [one.merge_key for one in identities]
    rows = await load_working_set(connection, tenant, [*named, *known.values()], keys)
    if not known.keys() <= rows.strands.keys():
        raise RowsMoved("a strand has moved to another alert")
    return rows


async def load_working_set(
    connection: asyncpg.Connection,
    tenant: int,
    fingerprints: Iterable[bytes],
    merge_keys: Iterable[bytes] = (),
    ticket_ids: Iterable[str] = (),
) -> WorkingSet:
    """Lock and read alerts, with their windows, strands and tickets. Absent rows stay absent."""
    rows, wanted = WorkingSet(tenant), sorted(set(fingerprints))
    known = await connection.fetch(SQL["peek_alerts"], tenant, wanted)
    keys = {*merge_keys, *(found["merge_key"] for found in known)}
    for window in await lock(connection, row.WINDOWS, tenant, keys):
        rows.windows[window.merge_key] = window
    if known:
        await _load_alerts(connection, rows, wanted, keys)
    tickets = {*ticket_ids}
    tickets.update(window.ticket_id for window in rows.windows.values() if window.ticket_id)
    tickets.update(alert.ticket_id for alert in rows.alerts.values() if alert.ticket_id)
    if tickets:
        for ticket in await lock(connection, row.TICKETS, tenant, tickets):
            rows.tickets[ticket.id] = ticket
    return rows


async def _load_alerts(
    connection: asyncpg.Connection, rows: WorkingSet, wanted: Sequence[bytes], keys: set[bytes]
) -> None:
    for alert in await lock(connection, row.ALERTS, rows.tenant, wanted):
        if alert.merge_key not in keys:
            raise RowsMoved("an alert has moved to another window")
        rows.alerts[alert.fingerprint] = alert
    for strand in await lock(connection, row.STRANDS, rows.tenant, wanted):
        rows.add_strand(strand)


async def lock(
    connection: asyncpg.Connection, stored: Stored[Noun], tenant: int, keys: Iterable[Any]
) -> list[Noun]:
    """The rows of *keys* that are there."""
    return [stored.read(found) for found in await connection.fetch(*stored.lock(tenant, keys))]
