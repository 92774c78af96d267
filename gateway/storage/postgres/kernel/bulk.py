"""Statements about many rows of one table, made of its columns: one array a column.

Names come from `tables.py` alone; whatever senders and people say is a parameter.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql import ClauseElement, ColumnCollection
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

Columns = ColumnCollection[str, Any]
Merge = Callable[[Columns, Columns], Mapping[str, ColumnElement[Any]]]
"""What becomes of the row that is there, given its columns and those of the new one."""

Call = list[Any]
"""A statement and its arguments: what the driver's `execute` and `fetch` take."""

KEPT_STATEMENTS = 512
"""Each set of columns that an insert ever named is a statement of its own."""

_DIALECT = dialect()  # type: ignore[no-untyped-call]
_TENANT = bindparam("tenant_id", type_=Integer)


class Statement(NamedTuple):
    """SQL as the driver takes it, with the names of `$1`, `$2` and so on in their order."""

    text: str
    names: tuple[str, ...]

    def call(self, tenant: int, values: Mapping[str, Any]) -> Call:
        """With its arguments, by name."""
        given = {"tenant_id": tenant, **values}
        return [self.text, *(given[name] for name in self.names)]


def lock_rows(
    table: Table, read: Iterable[ColumnElement[Any]], found_by: str, key: Iterable[str]
) -> Statement:
    """Lock the tenant's rows whose *found_by* is one of `keys`, in the order of their *key*."""
    asked = table.c[found_by]
    return _compiled(
        select(*read)
        .where(
            table.c.tenant_id == _TENANT, asked == any_(bindparam("keys", type_=ARRAY(asked.type)))
        )
        .order_by(*(table.c[name] for name in key))
        .with_for_update(key_share=True)
    )


@lru_cache(KEPT_STATEMENTS)
def insert_rows(
    table: Table, names: tuple[str, ...], key: tuple[str, ...], merge: Merge | None
) -> Statement:
    """Insert rows of *names*, the database adding its defaults; *merge*: if one of that key is
    there.
    """
    given = _given(table, names)
    rows = select(_TENANT.label("tenant_id"), *(_value(given, table, name) for name in names))
    statement = insert(table).from_select(["tenant_id", *names], rows, include_defaults=False)
    if merge is not None:
        statement = statement.on_conflict_do_update(
            index_elements=["tenant_id", *key], set_=merge(table.c, statement.excluded)
        )
    return _compiled(statement)


@lru_cache(KEPT_STATEMENTS)
def update_rows(table: Table, names: tuple[str, ...], key: tuple[str, ...]) -> Statement:
    """Set *names* of the rows of each *key*."""
    given = _given(table, (*key, *names))
    same = (table.c[name] == given.c[name] for name in key)
    return _compiled(
        update(table)
        .values({name: _value(given, table, name) for name in names})
        .where(table.c.tenant_id == _TENANT, *same)
    )


def _given(table: Table, names: Sequence[str]) -> TableValuedAlias:
    """The arrays side by side, as a table."""
    kinds = {name: _carried(table.c[name]) for name in names}
    arrays = (bindparam(name, type_=ARRAY(kind)) for name, kind in kinds.items())
    columns = (column(name, kind) for name, kind in kinds.items())
    return func.unnest(*arrays).table_valued(*columns).render_derived(name="given")


def _carried(one: ColumnElement[Any]) -> TypeEngine[Any]:
    """JSON goes as its text: what a driver makes of JSON is a matter of each connection."""
    return Text() if isinstance(one.type, JSONB) else one.type


def _value(given: TableValuedAlias, table: Table, name: str) -> ColumnElement[Any]:
    kind = table.c[name].type
    return cast(given.c[name], kind) if isinstance(kind, JSONB) else given.c[name]


def _compiled(statement: ClauseElement) -> Statement:
    compiled = statement.compile(dialect=_DIALECT)
    return Statement(str(compiled), tuple(compiled.positiontup or ()))  # type: ignore[attr-defined]
