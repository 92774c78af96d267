"""What cattrs found wrong, as places and sentences."""

import dataclasses
import difflib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from cattrs import BaseValidationError, ForbiddenExtraKeysError
from cattrs.errors import AttributeValidationNote, IterableValidationNote

from gateway.config.problems import Place
from gateway.config.secret_files import FILE_SUFFIX, secret_keys

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

KEY = "key"
"""In a field's metadata: how TOML writes the option, if Python cannot (`in`, `as`)."""


def mistakes_in(error: Exception, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every one, with its place below *place*."""
    if isinstance(error, BaseValidationError):
        for inner in error.exceptions:
            yield from mistakes_in(inner, place + _step(error.cl, inner))
    elif isinstance(error, ForbiddenExtraKeysError):
        for key in sorted(error.extra_fields):
            yield (*place, key), unknown_key(key, known_keys(error.cl))
    elif isinstance(error, KeyError):
        yield place, "is required"
    elif isinstance(error, ValueError):
        yield place, str(error)
    else:
        raise error


def _step(kind: type, error: Exception) -> Place:
    """From what was read as *kind* to the value in it that *error* is about; cattrs noted it."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return (_keys_by_name(kind)[note.name],)
        if isinstance(note, IterableValidationNote):
            return (note.index,)
    return ()


def unknown_key(key: str, known: Collection[str]) -> str:
    """*key* is none of *known*, which may stand in the same table."""
    near = difflib.get_close_matches(key, known, n=1)
    return f"unknown key; {f'did you mean `{near[0]}`?' if near else one_of(known)}"


def one_of(known: Collection[str]) -> str:
    return f"there are {', '.join(sorted(known))}"


def known_keys(kind: "type[DataclassInstance]") -> list[str]:
    """The keys of a table that becomes *kind*."""
    return [*_keys_by_name(kind).values(), *(key + FILE_SUFFIX for key in secret_keys(kind))]


def key_of(field: "dataclasses.Field[object]") -> str:
    """How TOML writes the option."""
    return str(field.metadata.get(KEY, field.name))


def _keys_by_name(kind: "type[DataclassInstance]") -> dict[str, str]:
    return {field.name: key_of(field) for field in dataclasses.fields(kind)}
