"""Writes a working set: the one end of every transaction that changes anything, whoever began it.

Versions, numbers and places in the history are given by the rules (`effects/finish.py`); here rows
are written, and the messages for whoever wants the events.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any

import asyncpg
import orjson

from gateway.changes.change import Finished
from gateway.effects.finish import finish_rows, move_versions
from gateway.effects.working_set import WorkingSet
from gateway.events.event import PlacedEvent
from gateway.events.routing import Route, messages
from gateway.history.kind import Kind
from gateway.storage.postgres.kernel import rows as row
from gateway.storage.postgres.kernel.bound.saving import save_bound
from gateway.storage.postgres.kernel.people.save import save_people
from gateway.storage.postgres.kernel.stored import Noun, Stored
from gateway.storage.postgres.kernel.working_set import SQL
from gateway.storage.postgres.statements import load

TICKET_SQL = load("tickets")
SILENCE_SQL = load("silences")
DECLARED_SQL = load("declarations")
OWN = frozenset({Kind.TICKET, Kind.SILENCE})
"""Kinds whose rows hold the ends of their chains."""


async def save(
    connection: asyncpg.Connection, rows: WorkingSet, routes: Sequence[Route], stamp: int
) -> list[PlacedEvent]:
    """Write everything that changed, and give the events. *stamp*: microseconds; versions of
    strands move to it, or by one. The tenant's number counter is the last row that is locked.
    """
    move_versions(rows, stamp)
    finished = finish_rows(rows, await _last_number(connection, rows))
    await _save_alerts(connection, rows)
    await _save_following(connection, rows, stamp)
    await _save_windows(connection, rows)
    await _save_tickets(connection, rows)
    await _save_episodes(connection, rows)
    await _save_silences(connection, rows)
    await _save_comments(connection, rows)
    await save_people(connection, rows.tenant, rows.people)
    await _save_declared(connection, rows)
    await save_bound(connection, rows.tenant, rows.bound)
    await _save_history(connection, rows.tenant, finished)
    await _save_outbox(connection, rows.tenant, finished.events, routes)
    return finished.events


async def _last_number(connection: asyncpg.Connection, rows: WorkingSet) -> int:
    if not rows.new_tickets:
        return 0
    count = len(rows.new_tickets)
    return int(await connection.fetchval(SQL["take_ticket_numbers"], rows.tenant, count))


async def _save_history(connection: asyncpg.Connection, tenant: int, finished: Finished) -> None:
    """The heads of kinds that have none on their own rows are locked after these, sorted."""
    if finished.chained:
        await connection.execute(*row.HISTORY.insert(tenant, finished.chained))
    heads = sorted((*place, head) for place, head in finished.heads.items() if place[0] not in OWN)
    if heads:
        kinds, keys, ends = zip(*heads, strict=True)
        lengths, hashes = [end.length for end in ends], [end.hash for end in ends]
        await connection.execute(SQL["save_heads"], tenant, kinds, keys, lengths, hashes)


async def _save_silences(connection: asyncpg.Connection, rows: WorkingSet) -> None:
    """Each change moves the tenant's version, by which processes know that their book is old."""
    if not rows.changed_silences:
        return
    new, changed = rows.new_silences, rows.changed_silences
    await _save(connection, rows, row.SILENCES, rows.silences, new, changed)
    await connection.execute(SILENCE_SQL["unsettle"], rows.tenant, sorted(changed - new))
    await connection.execute(SILENCE_SQL["move_version"], rows.tenant)


async def _save_comments(connection: asyncpg.Connection, rows: WorkingSet) -> None:
    """What was retracted says nothing any more, nor what it said before."""
    new, changed = rows.new_comments, rows.changed_comments
    await _save(connection, rows, row.COMMENTS, rows.comments, new, changed)
    if rows.new_revisions:
        await connection.execute(*row.REVISIONS.insert(rows.tenant, rows.new_revisions))
    hidden = [rows.comments[key] for key in sorted(rows.hidden_comments)]
    if hidden:
        tickets, keys = [one.ticket_id for one in hidden], [one.id for one in hidden]
        await connection.execute(TICKET_SQL["hide_in_messages"], rows.tenant, tickets, keys)
    gone = [one for key in changed if (one := rows.comments[key]).retracted_at is not None]
    if gone:
        tickets, keys = [one.ticket_id for one in gone], [one.id for one in gone]
        await connection.execute(TICKET_SQL["forget_revisions"], rows.tenant, tickets, keys)


async def _save_declared(connection: asyncpg.Connection, rows: WorkingSet) -> None:
    """Each change moves the tenant's version, by which processes know that their book is old."""
    if not rows.declared:
        return
    new = [change.of.after for change in rows.declared if change.is_new]
    if new:
        columns = row.arrays(new, ("of", "name", "version"))
        columns.append([one.body.decode() for one in new])
        columns += row.arrays(new, ("checksum", "declared_at", "origin"))
        await connection.execute(DECLARED_SQL["insert_versions"], rows.tenant, *columns)
    after = sorted((change.of.after for change in rows.declared), key=lambda one: one.key)
    names = ("of", "name", "version", "place", "revision", "withdrawn_at")
    await connection.execute(DECLARED_SQL["point"], rows.tenant, *row.arrays(after, names))
    await connection.execute(DECLARED_SQL["move_version"], rows.tenant)


async def _save_outbox(
    connection: asyncpg.Connection,
    tenant: int,
    events: Sequence[PlacedEvent],
    routes: Sequence[Route],
) -> None:
    leaving = messages(events, tenant, routes)
    if leaving:
        columns = row.arrays(leaving, ("id", "sink", "type", "subject"))
        columns.append([orjson.dumps(message.payload).decode() for message in leaving])
        columns.append([message.created_at for message in leaving])
        await connection.execute(SQL["insert_outbox"], tenant, *columns)


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
    await connection.execute(TICKET_SQL["follow_step"], tenant, ticket_id, *windows, stamp)
    await connection.execute(TICKET_SQL["follow_step_in_strands"], tenant, ticket_id, stamp)


async def _save_windows(connection: asyncpg.Connection, rows: WorkingSet) -> None:
    await _save(connection, rows, row.WINDOWS, rows.windows, rows.new_windows, rows.changed_windows)


async def _save_tickets(connection: asyncpg.Connection, rows: WorkingSet) -> None:
    await _save(connection, rows, row.TICKETS, rows.tickets, rows.new_tickets, rows.changed_tickets)
    counted = row.in_lock_order(rows.tickets, rows.counted_tickets - rows.changed_tickets)
    if counted:
        await connection.execute(*row.TICKETS.update(rows.tenant, counted, row.COUNTED))
    if rows.shifts:
        tickets, fingerprints = zip(*sorted(rows.shifts), strict=True)
        counts = [rows.shifts[place] for place in sorted(rows.shifts)]
        await connection.execute(SQL["shift_links"], rows.tenant, tickets, fingerprints, counts)
    await _merge(connection, rows, row.LINKS, rows.links)


async def _save_episodes(connection: asyncpg.Connection, rows: WorkingSet) -> None:
    await _merge(connection, rows, row.EPISODES, rows.episodes)


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
