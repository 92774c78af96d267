"""A stored noun: which table it lies in, and how it goes there and comes back.

A column is stored because `tables.py` and the noun's class both name it; nothing else lists it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from types import NoneType
from typing import Any, ClassVar, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import ColumnElement, Table, Text, cast
from sqlalchemy.dialects.postgresql import JSONB

from gateway.storage.postgres.kernel.bulk import (
    Call,
    Merge,
    insert_rows,
    lock_rows,
    update_rows,
)

Noun = TypeVar("Noun")


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
    """The way back, of fields whose type does not say it."""
    joined: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    """Fields of other tables: they are read with the row, and not written."""
    within: Mapping[str, type] = field(default_factory=dict)
    """Fields that are Structs themselves, whose own fields are columns too."""
    beside: frozenset[str] = frozenset()
    """Fields that are neither read with the row nor written: an end of a chain that lies apart, or
    what is of an answer alone.
    """
    merge: Merge | None = None
    """What an insert does to a row that is there; None: there is none."""

    def __post_init__(self) -> None:
        hints = self._all_hints()
        names = [one.name for one in self.table.columns]
        inside = {path.rpartition(".")[2]: path for path in hints}
        named = {name: self.renamed.get(name, inside.get(name, name)) for name in names}
        self._fields = {name: of for name, of in named.items() if of in hints}
        if missing := hints.keys() - {*self._fields.values(), *self.joined, *self.beside}:
            raise TypeError(f"{self.table.name} has no column for {', '.join(sorted(missing))}")
        self.columns = tuple(one for one in names if one in self._fields or one in self.made)
        self._json = {one.name for one in self.table.columns if isinstance(one.type, JSONB)}
        self._readers = {**self._json_readers(), **_enum_readers(hints), **self.read_as}
        self.omitted = self._omitted()
        self._make_statements()

    def _all_hints(self) -> dict[str, Any]:
        """By the way to each field: `sequence`, `entry.kind`."""
        hints = _hints(self.kind)
        for part, kind in self.within.items():
            del hints[part]
            hints |= {f"{part}.{name}": hint for name, hint in _hints(kind).items()}
        return hints

    def _make_statements(self) -> None:
        """Those that are always the same: once, with the module that names the noun."""
        apart = {*self.key, *self.fixed}
        self._changing = tuple(name for name in self.columns if name not in apart)
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
        for part, kind in self.within.items():
            own = {name: values.pop(f"{part}.{name}") for name in _hints(kind)}
            values[part] = kind(**own)
        return self.kind(**values)

    def lock(self, tenant: int, keys: Iterable[Any]) -> Call:
        """Lock and read the rows of *keys*; those that are not there are not in the answer."""
        return self._lock.call(tenant, {"keys": sorted(keys)})

    def insert(self, tenant: int, objects: Sequence[Noun]) -> Call:
        """*objects* as new rows. A column that none of them sets is not named."""
        values = self._values(self.columns, objects)
        names = tuple(name for name in self.columns if not self._is_unset(name, values[name]))
        return insert_rows(self.table, names, self.key, self.merge).call(tenant, values)

    def update(self, tenant: int, objects: Sequence[Noun], names: tuple[str, ...] = ()) -> Call:
        """*objects* over the rows that are there. *names*: these columns, and no others."""
        names = names or self._changing
        values = self._values((*self.key, *names), objects)
        return update_rows(self.table, names, self.key).call(tenant, values)

    def _values(self, names: Iterable[str], objects: Sequence[Noun]) -> dict[str, list[Any]]:
        parts = {part: list(map(attrgetter(part), objects)) for part in self.within}
        parts[""] = list(objects)
        return {name: self._column(name, parts) for name in names}

    def _column(self, name: str, parts: Mapping[str, list[Any]]) -> list[Any]:
        """*parts*: the nouns, and what is within them."""
        if name in self.made:
            return list(map(self.made[name], parts[""]))
        part, _, of = self._fields[name].rpartition(".")
        found = map(attrgetter(of), parts[part])
        return list(map(bytes.decode, found)) if name in self._json else list(found)

    def _is_unset(self, name: str, values: list[Any]) -> bool:
        return name in self.omitted and values.count(self.omitted[name]) == len(values)

    def _omitted(self) -> dict[str, Any]:
        """By column that may be left out: what the database sets then, the field's own default."""
        defaults = _defaults(self.kind)
        omitted = {
            name: defaults[of]
            for name, of in self._fields.items()
            if self.table.c[name].server_default is not None
            and name not in self.made
            and of in defaults
        }
        for name in self._json & omitted.keys():
            omitted[name] = omitted[name].decode()
        return omitted

    def _json_readers(self) -> dict[str, Callable[[Any], Any]]:
        return {of: str.encode for name, of in self._fields.items() if name in self._json}


def _hints(kind: type) -> dict[str, Any]:
    """Of its fields: what belongs to the class itself is none."""
    hints = get_type_hints(kind)
    return {name: hint for name, hint in hints.items() if get_origin(hint) is not ClassVar}


def _defaults(kind: type) -> dict[str, Any]:
    """By field that has one. A noun that is no Struct has all its columns written."""
    if not issubclass(kind, msgspec.Struct):
        return {}
    fields = msgspec.structs.fields(kind)
    return {one.name: one.default for one in fields if one.default is not msgspec.NODEFAULT}


def _enum_readers(hints: Mapping[str, Any]) -> dict[str, Callable[[Any], Any]]:
    readers: dict[str, Callable[[Any], Any]] = {}
    for name, hint in hints.items():
        kinds = get_args(hint) or (hint,)
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, StrEnum):
                readers[name] = _unless_none(kind) if NoneType in kinds else kind
    return readers


def _unless_none(kind: type[StrEnum]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else kind(value)
