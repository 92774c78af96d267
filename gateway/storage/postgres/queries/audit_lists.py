"""The audit as a list: entries of all objects, in the order in which they became true."""

from collections.abc import Collection, Iterator
from operator import ge, gt, le, lt
from typing import Any

from sqlalchemy import BigInteger, Row, Text, literal_column, select, tuple_
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.expression import Tuple

from gateway.access.principal import Principal
from gateway.access.withheld import withheld_from
from gateway.history.chain import Entry
from gateway.history.view import AuditFilter, AuditPosition, FoundEntries, PlacedEntry
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.tables import any_of, history
from gateway.tickets.ticket import SYSTEM

WALK_AT_MOST = 20_000
"""Entries that are looked at for one page, one by one."""

_FINISHED: ColumnElement[int] = literal_column(
    "(SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + xid_offset FROM installation)",
    BigInteger,
)
"""Every transaction below it has ended, and the statement that asks sees all that it wrote."""
_ORDER = (history.c.applied, history.c.kind, history.c.object_id, history.c.sequence)
_PLACE = tuple_(*_ORDER)

_Conditions = list[ColumnElement[bool]]


class AuditListQueries:
    """See `AuditReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def latest(
        self, by: Principal, narrowed: AuditFilter, before: AuditPosition | None, limit: int
    ) -> FoundEntries:
        """See `AuditReader`."""
        bounds = [] if before is None else [lt(_PLACE, _at(before))]
        return await self._page(by, narrowed, bounds, limit, newest_first=True)

    async def following(
        self, by: Principal, narrowed: AuditFilter, after: AuditPosition | None, limit: int
    ) -> FoundEntries:
        """See `AuditReader`."""
        bounds = [history.c.applied < _FINISHED]
        if after is not None:
            bounds.append(gt(_PLACE, _at(after)))
        return await self._page(by, narrowed, bounds, limit, newest_first=False)

    async def _page(
        self,
        by: Principal,
        narrowed: AuditFilter,
        bounds: _Conditions,
        limit: int,
        *,
        newest_first: bool,
    ) -> FoundEntries:
        order = [column.desc() if newest_first else column for column in _ORDER]
        covers, leading = _leading(narrowed)
        leading.append(history.c.tenant_id == by.tenant)
        others = [one for name, one in _conditions(narrowed) if name not in covers]
        async with self._database.tenant(by.tenant) as transaction:
            walked = select(*_ORDER).where(*leading, *bounds).order_by(*order)
            fence = None
            if others:
                end = walked.offset(WALK_AT_MOST - 1).limit(1)
                fence = (await transaction.connection.execute(end)).first()
            if fence is not None:
                within = ge if newest_first else le
                bounds.append(within(_PLACE, _at(AuditPosition(*fence))))
            page = select(history).where(*leading, *others, *bounds).order_by(*order).limit(limit)
            found = [_placed(row) for row in await transaction.connection.execute(page)]
            internal = (await self._database.book(transaction)).internal_fields
        short = fence is not None and len(found) < limit
        walked_to = AuditPosition(*fence) if fence and short else None
        return FoundEntries(found, walked_to, withheld_from(by, "", internal))


def _at(place: AuditPosition) -> Tuple:
    return tuple_(*place, types=(BigInteger, Text, Text, BigInteger))


def _leading(narrowed: AuditFilter) -> tuple[Collection[str], _Conditions]:
    """What an index leads to, and the names of the conditions that it says in full."""
    columns = history.c
    if len(narrowed.kind) == len(narrowed.object) == 1:
        one_object = [columns.kind == narrowed.kind[0], columns.object_id == narrowed.object[0]]
        return ("kind", "object"), one_object
    for name, actors in (("only", (narrowed.only,)), ("actor", narrowed.actor)):
        if len(actors) == 1 and actors[0] not in (None, SYSTEM):
            is_person = columns.actor != literal_column(f"'{SYSTEM}'")
            return (name,), [columns.actor == actors[0], is_person]
    return (), []


def _conditions(narrowed: AuditFilter) -> Iterator[tuple[str, ColumnElement[bool]]]:
    """By the names of the filter's fields."""
    columns = history.c
    for name, column in (
        ("actor", columns.actor), ("kind", columns.kind), ("object", columns.object_id),
        ("field", columns.field),
    ):  # fmt: skip
        if values := getattr(narrowed, name):
            yield name, any_of(column, values)
    if narrowed.only is not None:
        yield "only", columns.actor == narrowed.only
    if narrowed.since is not None:
        yield "since", columns.at >= narrowed.since
    if narrowed.until is not None:
        yield "until", columns.at < narrowed.until


def _placed(row: Row[Any]) -> PlacedEntry:
    entry = Entry(
        row.kind, row.object_id, row.at, row.actor, row.field, row.old, row.new, row.comment
    )
    return PlacedEntry(AuditPosition(row.applied, row.kind, row.object_id, row.sequence), entry)
