"""Loads a tenant's working set under its locks: how a transaction begins; save.py is its end.

Lock order: windows, alerts, strands, tickets (`rows.py`), the tenant's number counter; each sorted
by key.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import asyncpg
from msgspec.structs import replace

from gateway.alerts.identity import Identity
from gateway.declarations.book import Book, Books
from gateway.declarations.declaration import DeclarationKind, DeclarationOrigin, Named
from gateway.declarations.declared import AllDeclared, Declared, Version
from gateway.effects.working_set import WorkingSet
from gateway.errors import Conflict
from gateway.storage.postgres.kernel import rows as row
from gateway.storage.postgres.kernel.stored import Noun, Stored
from gateway.storage.postgres.statements import load

SQL, DECLARED_SQL = load("ledger"), load("declarations")


class RowsMoved(Conflict):
    """Between the look and the lock an alert went to another window, or a strand to another alert:
    start over.
    """


class Entered(NamedTuple):
    """A tenant as it is: what a process knows of it is as new as these versions, or is old."""

    silence_version: int
    declared_version: int
    ticketing: bool


NOWHERE = Entered(silence_version=0, declared_version=0, ticketing=True)
"""Of a tenant that does not exist."""


async def enter_tenant(connection: asyncpg.Connection, tenant: int) -> Entered:
    """See this tenant's rows until the transaction ends."""
    found = await connection.fetchrow(SQL["enter_tenant"], tenant)
    if found is None:
        raise LookupError(f"no tenant {tenant}")
    return entered_as(found)


def entered_as(found: Any) -> Entered:
    """Of a row of `enter_tenant`."""
    return Entered(found["silence_version"], found["declared_version"], found["ticketing"])


async def current_book(
    connection: asyncpg.Connection, tenant: int, books: Books, version: int
) -> Book:
    """What is declared in the tenant; read anew if the process knows less than *version*."""
    known = books.of(tenant)
    if known.version >= version:
        return known
    found = await connection.fetch(DECLARED_SQL["book"], tenant)
    book = Book(version, map(row.read_declared, found))
    books.put(tenant, book)
    return book


async def load_standing(connection: asyncpg.Connection, tenant: int) -> AllDeclared:
    """All that is declared in the tenant, and ever was; nobody else declares until the end."""
    await connection.execute(DECLARED_SQL["lock"], tenant)
    heads = {one["object_id"]: one for one in await connection.fetch(DECLARED_SQL["heads"], tenant)}
    declared: dict[Named, Declared] = {}
    for found in await connection.fetch(DECLARED_SQL["book"], tenant):
        one = row.read_declared(found)
        head = heads.get(one.key)
        if head is not None:
            one = replace(one, history_length=head["length"], history_head=head["head"])
        declared[one.named] = one
    versions: defaultdict[Named, list[Version]] = defaultdict(list)
    for found in await connection.fetch(DECLARED_SQL["versions"], tenant):
        named = Named(DeclarationKind(found["kind"]), found["name"])
        version = Version(found["version"], found["checksum"], DeclarationOrigin(found["origin"]))
        versions[named].append(version)
    return AllDeclared(declared, versions)


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
