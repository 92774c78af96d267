"""Loads a tenant's working set under its locks, and writes it back: the two ends of a transaction.

Lock order: windows, alerts, strands, tickets (`rows.py`), the tenant's number counter; each sorted
by key.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import groupby
from typing import Any

import asyncpg
import msgspec
import orjson

from gateway.alerts.identity import Identity
from gateway.effects.announce import Route, messages
from gateway.effects.working_set import Announcement, WorkingSet
from gateway.errors import Conflict
from gateway.history.chain import Chained, chain
from gateway.storage.postgres.kernel import rows as row
from gateway.storage.postgres.kernel.stored import Noun, Stored
from gateway.storage.postgres.statements import load

SQL = load("ledger")
TICKET_SQL = load("tickets")


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
    for window in await _lock(connection, row.WINDOWS, tenant, keys):
        rows.windows[window.merge_key] = window
    if known:
        await _load_alerts(connection, rows, wanted, keys)
    tickets = {*ticket_ids}
    tickets.update(window.ticket_id for window in rows.windows.values() if window.ticket_id)
    tickets.update(alert.ticket_id for alert in rows.alerts.values() if alert.ticket_id)
    if tickets:
        for ticket in await _lock(connection, row.TICKETS, tenant, tickets):
            rows.tickets[ticket.id] = ticket
    return rows


async def _load_alerts(
    connection: asyncpg.Connection, rows: WorkingSet, wanted: Sequence[bytes], keys: set[bytes]
) -> None:
    for alert in await _lock(connection, row.ALERTS, rows.tenant, wanted):
        if alert.merge_key not in keys:
            raise RowsMoved("an alert has moved to another window")
        rows.alerts[alert.fingerprint] = alert
    for strand in await _lock(connection, row.STRANDS, rows.tenant, wanted):
        rows.add_strand(strand)


async def _lock(
    connection: asyncpg.Connection, stored: Stored[Noun], tenant: int, keys: Iterable[Any]
) -> list[Noun]:
    return [stored.read(found) for found in await connection.fetch(*stored.lock(tenant, keys))]


async def save_working_set(
    connection: asyncpg.Connection, rows: WorkingSet, routes: Sequence[Route], stamp: int
) -> None:
    """Write everything that changed. *stamp*: microseconds; versions move to it, or by one."""
    _move_versions(rows, stamp)
    await _number_tickets(connection, rows, bool(routes))
    chained = _chain_entries(rows)
    await _save_alerts(connection, rows)
    await _save_following(connection, rows, stamp)
    await _save_windows(connection, rows)
    await _save_tickets(connection, rows)
    await _save_episodes(connection, rows)
    if chained:
        await connection.execute(SQL["insert_history"], rows.tenant, *row.history_arrays(chained))
    await _save_outbox(connection, rows, routes)


def _move_versions(rows: WorkingSet, stamp: int) -> None:
    for fingerprint in rows.voided_alerts | rows.new_alerts:
        alert = rows.alerts[fingerprint]
        alert.version = max(alert.version + 1, stamp)
        for strand in rows.strands_of.get(fingerprint, ()):
            strand.version = max(strand.version + 1, stamp)
            rows.changed_strands.add(strand.strand)
    for key in rows.new_strands:
        strand = rows.strands[key]
        strand.version = strand.version or stamp


async def _number_tickets(connection: asyncpg.Connection, rows: WorkingSet, told: bool) -> None:
    fresh = [rows.tickets[key] for key in sorted(rows.new_tickets)]
    if not fresh:
        return
    count = len(fresh)
    before = await connection.fetchval(SQL["take_ticket_numbers"], rows.tenant, count)
    for offset, ticket in enumerate(fresh, start=1):
        rows.tickets[ticket.id] = msgspec.structs.replace(ticket, number=before + offset)
    if not told:
        return
    numbers = {ticket.id: before + offset for offset, ticket in enumerate(fresh, start=1)}
    rows.announcements = [
        Announcement(
            one.event, msgspec.structs.replace(one.ticket, number=numbers[one.ticket.id]), one.at
        )
        if one.ticket.id in numbers
        else one
        for one in rows.announcements
    ]


def _chain_entries(rows: WorkingSet) -> list[Chained]:
    """History of tickets: each ticket's entries go on its own chain, and it keeps the head."""
    chained: list[Chained] = []
    ordered = sorted(rows.entries, key=lambda entry: entry.object_id)
    for ticket_id, entries in groupby(ordered, key=lambda entry: entry.object_id):
        ticket = rows.tickets[ticket_id]
        links = chain(entries, ticket.history_length, ticket.history_head)
        chained.extend(links)
        rows.tickets[ticket_id] = msgspec.structs.replace(
            ticket, history_length=links[-1].sequence, history_head=links[-1].hash
        )
        rows.changed_tickets.add(ticket_id)
    return chained


async def _save_alerts(connection: asyncpg.Connection, rows: WorkingSet) -> None:
    await _save(connection, rows, row.ALERTS, rows.alerts, rows.new_alerts, rows.changed_alerts)
    await _save(connection, rows, row.STRANDS, rows.strands, rows.new_strands, rows.changed_strands)
    renamed = row.in_lock_order(rows.strands, rows.renamed_strands - rows.new_strands)
    if renamed:
        call = row.STRANDS.update(rows.tenant, renamed, row.NAME_OF_STRAND)
        await connection.execute(*call)
    await _merge(connection, rows, row.REPORTS, rows.reports)


async def _save_following(connection: asyncpg.Connection, rows: WorkingSet, stamp: int) -> None:
    if rows.following is None:
        return
    tenant, ticket_id, quiet = rows.tenant, rows.following.ticket_id, rows.following.quiet_until
    windows = list(quiet), list(quiet.values())
    triage = rows.following.triage
    await connection.execute(TICKET_SQL["follow_step"], tenant, ticket_id, triage, *windows, stamp)
    await connection.execute(TICKET_SQL["follow_step_in_strands"], tenant, ticket_id, stamp)


async def _save_windows(connection: asyncpg.Connection, rows: WorkingSet) -> None:
    await _save(connection, rows, row.WINDOWS, rows.windows, rows.new_windows, rows.changed_windows)


async def _save_tickets(connection: asyncpg.Connection, rows: WorkingSet) -> None:
    await _save(connection, rows, row.TICKETS, rows.tickets, rows.new_tickets, rows.changed_tickets)
    if rows.shifts:
        tickets, fingerprints = zip(*sorted(rows.shifts), strict=True)
        counts = [rows.shifts[place] for place in sorted(rows.shifts)]
        await connection.execute(SQL["shift_links"], rows.tenant, tickets, fingerprints, counts)
    await _merge(connection, rows, row.LINKS, rows.links)


async def _save_episodes(connection: asyncpg.Connection, rows: WorkingSet) -> None:
    await _merge(connection, rows, row.EPISODES, rows.episodes)


async def _save_outbox(
    connection: asyncpg.Connection, rows: WorkingSet, routes: Sequence[Route]
) -> None:
    leaving = messages(rows.announcements, rows.tenant, routes)
    if leaving:
        names = ("id", "sink", "type", "subject")
        columns = row.arrays(leaving, names)
        columns.append([orjson.dumps(message.payload).decode() for message in leaving])
        columns.append([message.created_at for message in leaving])
        await connection.execute(SQL["insert_outbox"], rows.tenant, *columns)


async def _save(
    connection: asyncpg.Connection,
    rows: WorkingSet,
    stored: Stored[Noun],
    found: Mapping[Any, Noun],
    new: Set[Any],
    changed: Set[Any],
) -> None:
    fresh = row.in_lock_order(found, new)
    if fresh:
        await connection.execute(*stored.insert(rows.tenant, fresh))
    moved = row.in_lock_order(found, changed - new)
    if moved:
        await connection.execute(*stored.update(rows.tenant, moved))


async def _merge(
    connection: asyncpg.Connection,
    rows: WorkingSet,
    stored: Stored[Noun],
    found: Mapping[Any, Noun],
) -> None:
    if found:
        objects = row.in_lock_order(found, found)
        await connection.execute(*stored.insert(rows.tenant, objects))
