"""What would be right where a form is wrong: the words of an enumeration, an example, the names."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec
from msgspec.inspect import (
    BoolType,
    DateTimeType,
    DictType,
    EnumType,
    IntType,
    ListType,
    Metadata,
    StructType,
    Type,
    UnionType,
    VarTupleType,
)

EXAMPLE_OF_TIME = "2026-03-04T05:06:07Z"

_type_of = lru_cache(maxsize=256)(msgspec.inspect.type_info)


def value_wanted(form: object, steps: Sequence[str]) -> str | None:
    """A clause for a message about the value at *steps* from the top; None: it says enough."""
    return next(filter(None, map(_clause, _kinds_at(form, steps))), None)


def names_wanted(form: object, steps: Sequence[str]) -> str | None:
    """The fields of the object there."""
    for kind in _kinds_at(form, steps):
        if isinstance(kind, StructType):
            return f"there are {', '.join(sorted(field.encode_name for field in kind.fields))}"
    return None


def takes_truth(form: object) -> bool:
    """May it be true or false?"""
    return any(isinstance(kind, BoolType) for kind in _kinds_at(form, ()))


def _kinds_at(form: object, steps: Sequence[str]) -> list[Type]:
    kinds = list(_parts(_type_of(form)))
    for step in steps:
        kinds = [part for kind in kinds for inner in _below(kind, step) for part in _parts(inner)]
    return kinds


def _parts(kind: Type) -> Iterator[Type]:
    """Each type that it may be, and what is said about each."""
    if isinstance(kind, UnionType):
        for one in kind.types:
            yield from _parts(one)
        return
    yield kind
    if isinstance(kind, Metadata):
        yield from _parts(kind.type)


def _below(kind: Type, step: str) -> list[Type]:
    if isinstance(kind, StructType):
        return [field.type for field in kind.fields if field.encode_name == step]
    if isinstance(kind, ListType | VarTupleType):
        return [kind.item_type]
    return [kind.value_type] if isinstance(kind, DictType) else []


def _clause(kind: Type) -> str | None:
    if isinstance(kind, EnumType):
        return f"must be one of {', '.join(str(one.value) for one in kind.cls)}"
    if isinstance(kind, IntType) and None not in (kind.ge, kind.le):
        return f"must be a number from {kind.ge} to {kind.le}"
    if isinstance(kind, BoolType):
        return "must be true or false"
    if isinstance(kind, DateTimeType):
        return f'a time is written as in "{EXAMPLE_OF_TIME}"'
    if isinstance(kind, Metadata):
        examples = (kind.extra_json_schema or {}).get("examples", ())
        return next(
            (f"it is written as in {msgspec.json.encode(one).decode()}" for one in examples), None
        )
    return None
