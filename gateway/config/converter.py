"""Tables, arrays and all that is in them into options, by cattrs, which gathers every mistake.

An options class is a frozen dataclass. Its fields are the known keys, and their types say what is
allowed: see `values.py`, and `gateway/bounds.py` for what stands beside a type in `Annotated`.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from cattrs import Converter
from cattrs.cols import list_structure_factory
from cattrs.gen import make_dict_structure_fn, make_mapping_structure_fn, override

from gateway.bounds import Lines
from gateway.config import values
from gateway.config.mistakes import key_of
from gateway.config.secret_files import secret_keys, with_secret_files
from gateway.config.values import Matchers, choices_of, is_union, kind_of
from gateway.web.http.options import ListenAddress

_Read = Callable[[Any, Any], Any]
"""A value from TOML, and the type it should be; raises what `mistakes_in` reads."""


@lru_cache(maxsize=1)
def new_converter(directory: Path) -> Converter:
    """`structure(table, kind)` raises what `mistakes_in` reads. Relative paths start at
    *directory*. Kept, since cattrs writes and compiles a function for every options class."""
    single: Mapping[Any, _Read] = {
        str: lambda value, _: values.read_text(value, directory),
        Lines: lambda value, _: values.read_lines(value, directory),
        int: lambda value, _: values.read_number(value),
        bool: values.read_choice,
        StrEnum: values.read_choice,
        Path: lambda value, _: values.read_path(value, directory),
        timedelta: lambda value, _: values.read_duration(value),
        ListenAddress: lambda value, _: values.read_listen(value),
    }
    converter = Converter(detailed_validation=True, forbid_extra_keys=True)
    for kind, read in single.items():
        converter.register_structure_hook(kind, read)
    for belongs, factory in (
        (is_dataclass, _options),
        (_is_mapping, _mapping),
        (_is_tuple, _tuple),
        (is_union, _union),
        (_is_choice, lambda kind, _: values.read_choice),
        (_is_annotated, _annotated),
        (_is_matchers, lambda kind, _: lambda value, _: values.read_matchers(value)),
    ):
        converter.register_structure_hook_factory(belongs, factory)
    return converter


def _options(kind: Any, converter: Converter) -> _Read:
    """A table, or the text that alone stands for one of its keys."""
    keys = {field.name: override(rename=key_of(field)) for field in fields(kind)}
    structure = make_dict_structure_fn(kind, converter, **keys)  # type: ignore[arg-type]
    secrets, short = secret_keys(kind), getattr(kind, "SHORT", None)
    types: dict[str, Any] = {field.name: field.type for field in fields(kind)}

    def read(value: object, _: Any) -> object:
        if short and isinstance(value, str):
            return kind(**{short: converter.structure(value, types[short])})
        return structure(with_secret_files(_table(value), secrets), kind)

    return read


def _mapping(kind: Any, converter: Converter) -> _Read:
    structure = make_mapping_structure_fn(kind, converter, structure_to=dict)
    return lambda value, _: structure(_table(value), kind)


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"must be a table, not {kind_of(value)}")
    return value


def _tuple(kind: Any, converter: Converter) -> _Read:
    structure = list_structure_factory(_list_of(get_args(kind)[0]), converter)

    def read(value: object, _: Any) -> object:
        if not isinstance(value, list):
            raise ValueError(f"must be an array, not {kind_of(value)}")
        return tuple(structure(value, kind))

    return read


def _union(kind: Any, converter: Converter) -> _Read:
    """What the value's own shape says; an empty text is None, where it is not just a text. A word
    of a literal that stands behind another type is itself.
    """
    parts = [part for part in get_args(kind) if part is not NoneType]
    words = [word for part in parts[1:] if get_origin(part) is Literal for word in get_args(part)]
    empty_is_none = NoneType in get_args(kind) and str not in parts

    def read(value: object, _: Any) -> object:
        if isinstance(value, str) and value in words:
            return value
        if empty_is_none and value == "":
            return None
        fitting = [part for part in parts if _is_tuple(part) == isinstance(value, list)]
        return converter.structure(value, (fitting or parts)[0])

    return read


def _annotated(kind: Any, converter: Converter) -> _Read:
    plain, *bounds = get_args(kind)

    def read(value: object, _: Any) -> object:
        found = converter.structure(value, plain)
        for bound in bounds:
            bound(found)
        return found

    return read


def _list_of(element: Any) -> Any:
    return list[element]


def _is_mapping(hint: Any) -> bool:
    return get_origin(hint) in (dict, Mapping)


def _is_tuple(hint: Any) -> bool:
    return get_origin(hint) is tuple


def _is_choice(hint: Any) -> bool:
    return bool(choices_of(hint))


def _is_annotated(hint: Any) -> bool:
    return get_origin(hint) is Annotated


def _is_matchers(hint: Any) -> bool:
    return bool(hint == Matchers)
