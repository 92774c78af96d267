"""A stored noun: which table it lies in, and how it goes there and comes back.

A column is stored because `tables.py` and the noun's class both name it; nothing else lists it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from types import NoneType
from typing import Any, Generic, TypeVar, get_args, get_type_hints

import msgspec
from sqlalchemy import ColumnElement, Table, Text, cast
from sqlalchemy.dialects.postgresql import JSONB

from gateway.storage.postgres.kernel.bulk import (
    Merge,
    Statement,
    insert_rows,
    lock_rows,
    update_rows,
)

Noun = TypeVar("Noun")
Call = list[Any]
"""A statement and its arguments, as the driver takes them."""


@dataclass(eq=False)
class Stored(Generic[Noun]):
    """One a noun. Raises TypeError, when made, for a field that no column would hold."""

    kind: type[Noun]
    table: Table
    key: tuple[str, ...]
    """Names a row, with the tenant; rows are locked in its order."""
    lock_order: int | None = None
    """Its place among those that are locked; None: what it belongs to is locked."""
    found_by: str = ""
    """The column by which rows are locked; empty: the first of the key."""
    fixed: frozenset[str] = frozenset()
    """Columns that stay as they were inserted."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Columns, and the fields that they are of, where these are called otherwise."""
    made: Mapping[str, Callable[[Noun], Any]] = field(default_factory=dict)
    """How columns are made that are no field, or no field as it is."""
    read_as: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """The way back, where the type of the field does not say it."""
    joined: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    """Fields of other tables: they are read with the row, and not written."""
    merge: Merge | None = None
    """What an insert does to a row that is there; None: there is none."""

    def __post_init__(self) -> None:
        hints = get_type_hints(self.kind)
        names = [one.name for one in self.table.columns]
        stored = {name: self.renamed.get(name, name) for name in names}
        self._fields = {name: of for name, of in stored.items() if of in hints}
        missing = hints.keys() - {*self._fields.values(), *self.joined}
        if missing:
            raise TypeError(f"{self.table.name} has no column for {', '.join(sorted(missing))}")
        self.columns = tuple(one for one in names if one in self._fields or one in self.made)
        self._changing = tuple(one for one in self.columns if one not in {*self.key, *self.fixed})
        self._json = {one.name for one in self.table.columns if isinstance(one.type, JSONB)}
        self._readers = {**self._typed_readers(hints), **self.read_as}
        self._omitted = self._omitted_values()
        update_rows(self.table, self._changing, self.key)
        if self.lock_order is not None:
            found_by = self.found_by or self.key[0]
            self._lock = lock_rows(self.table, self.selected(), found_by, self.key)

    def selected(self) -> list[ColumnElement[Any]]:
        """What a query must select for `read`: JSON as its text."""
        own = [self.table.c[name] for name in self._fields]
        texts = [cast(one, Text).label(one.name) if one.name in self._json else one for one in own]
        return [*texts, *(one.label(name) for name, one in self.joined.items())]

    def read(self, row: Any) -> Noun:
        """The noun of a row, read by the names of its columns."""
        values = {of: row[name] for name, of in self._fields.items()}
        for name in self.joined:
            values[name] = row[name]
        for name, reader in self._readers.items():
            values[name] = reader(values[name])
        return self.kind(**values)

    def lock(self, tenant: int, keys: Iterable[Any]) -> Call:
        """Lock and read the rows of *keys*; those that are not there are not in the answer."""
        return self._lock.call({"tenant_id": tenant, "keys": sorted(keys)})

    def insert(self, tenant: int, objects: Sequence[Noun]) -> Call:
        """*objects* as new rows. A column that none of them sets is not named."""
        values = {name: self._column(name, objects) for name in self.columns}
        names = tuple(name for name in self.columns if not self._is_unset(name, values[name]))
        statement = insert_rows(self.table, names, self.key, self.merge)
        return statement.call({"tenant_id": tenant, **values})

    def update(
        self, tenant: int, objects: Sequence[Noun], names: tuple[str, ...] | None = None
    ) -> Call:
        """*objects* over the rows that are there; *names*: these columns, and no others."""
        statement: Statement = update_rows(self.table, names or self._changing, self.key)
        values = {
            name: self._column(name, objects) for name in statement.names if name != "tenant_id"
        }
        return statement.call({"tenant_id": tenant, **values})

    def _column(self, name: str, objects: Sequence[Noun]) -> list[Any]:
        if name in self.made:
            return list(map(self.made[name], objects))
        found = map(attrgetter(self._fields[name]), objects)
        return list(map(bytes.decode, found)) if name in self._json else list(found)

    def _is_unset(self, name: str, values: list[Any]) -> bool:
        return name in self._omitted and values.count(self._omitted[name]) == len(values)

    def _omitted_values(self) -> dict[str, Any]:
        """Of columns that may be left out: what the database sets, the field's own default."""
        if not issubclass(self.kind, msgspec.Struct):
            return {}
        defaults = {one.name: one.default for one in msgspec.structs.fields(self.kind)}
        omitted = {
            name: defaults[of]
            for name, of in self._fields.items()
            if self.table.c[name].server_default is not None
            and name not in self.made
            and defaults[of] is not msgspec.NODEFAULT
        }
        return {
            name: value.decode() if name in self._json else value for name, value in omitted.items()
        }

    def _typed_readers(self, hints: Mapping[str, Any]) -> dict[str, Callable[[Any], Any]]:
        readers: dict[str, Callable[[Any], Any]] = {
            of: str.encode for name, of in self._fields.items() if name in self._json
        }
        for name, hint in hints.items():
            kinds = get_args(hint) or (hint,)
            for kind in kinds:
                if isinstance(kind, type) and issubclass(kind, StrEnum):
                    readers[name] = _unless_none(kind) if NoneType in kinds else kind
        return readers


def _unless_none(kind: type[StrEnum]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else kind(value)
