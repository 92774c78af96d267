"""Tables into options: one field at a time, so that every problem is found at once.

An options class is a frozen dataclass. Its fields are the known keys, their types say what is
allowed, and a field that `repr` leaves out is a secret, which may be given as `NAME_file` instead.
"""

import dataclasses
import difflib
import re
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from gateway.config.places import Places
from gateway.config.problems import Problem
from gateway.config.secret_files import read_secret
from gateway.durations import parse_duration
from gateway.web.options import ListenAddress, parse_listen

Table = Mapping[str, Any]

FILE_SUFFIX = "_file"

_BLAMED = re.compile(r"([a-z_]+): (.*)", re.DOTALL)
_QUOTED = re.compile(r"`([^`]+)`")
_PLACE = re.compile(r" - at `\$([^`]*)`$")


class OptionsClass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


OptionsType = TypeVar("OptionsType", bound=OptionsClass)


class Reading:
    """One file being read: where its keys stand, and what is wrong so far."""

    def __init__(self, places: Places, directory: Path) -> None:
        self._places = places
        self._directory = directory
        self.problems: list[Problem] = []

    def complain(self, key: str, message: str) -> None:
        self.problems.append(Problem(key, message, self._places.line_of(key)))

    def unknown(self, key: str, known: Collection[str]) -> None:
        """*key* is none of *known*, which stand in the same table."""
        near = difflib.get_close_matches(key.rpartition(".")[2], known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(sorted(known))}"
        self.complain(key, f"unknown key; {hint}")

    def path(self, text: str) -> Path:
        """Relative paths start at the file's own directory."""
        return (self._directory / text).resolve()

    def table(self, value: object, key: str) -> Table:
        """*value* if it is a table, else an empty one."""
        if isinstance(value, dict):
            return value
        self.complain(key, f"must be a table, written [{key}]")
        return {}

    def tables(self, value: object, key: str) -> list[tuple[str, Table]]:
        """The tables of an array, each with its key."""
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self.complain(key, f"must be tables, each written [[{key}]]")
            return []
        return [(f"{key}[{index}]", table) for index, table in enumerate(value)]

    def options(self, table: Table, key: str, kind: type[OptionsType]) -> OptionsType | None:
        """*table* as *kind*; None if something in it is wrong, which then is a problem."""
        before = len(self.problems)
        known = known_keys(kind)
        for name in table.keys() - known:
            self.unknown(f"{key}.{name}", known)
        values: dict[str, Any] = {}
        hints = get_type_hints(kind, include_extras=True)
        for field in dataclasses.fields(kind):
            given = self._given(table, key, field)
            if given is not None:
                values[field.name] = self._converted(
                    given, f"{key}.{field.name}", hints[field.name]
                )
            elif is_required(field):
                self.complain(f"{key}.{field.name}", "is required")
        return self._made(kind, values, key) if len(self.problems) == before else None

    def _given(self, table: Table, key: str, field: dataclasses.Field[Any]) -> object:
        """What stands in the table, or in the file that it names; None if nothing does."""
        plain = table.get(field.name)
        file = table.get(field.name + FILE_SUFFIX) if not field.repr else None
        if file is None or file == "":
            return plain
        file_key = f"{key}.{field.name}{FILE_SUFFIX}"
        if plain:
            self.complain(file_key, f"give either this or `{field.name}`")
        if not isinstance(file, str):
            self.complain(file_key, f"must be a text, not {_kind_of(file)}")
            return None
        try:
            return read_secret(self.path(file))
        except ValueError as error:
            self.complain(file_key, str(error))
            return ""

    def _converted(self, value: object, key: str, hint: Any) -> object:
        try:
            return _READERS.get(hint, _read_plain(hint))(value)
        except ValueError as error:
            self.blame(key, error, ())
            return None

    def _made(
        self, kind: type[OptionsType], values: dict[str, Any], key: str
    ) -> OptionsType | None:
        try:
            return kind(**values)
        except ValueError as error:
            self.blame(key, error, values)
            return None

    def blame(self, key: str, error: ValueError, known: Collection[str]) -> None:
        """An error that may name a key within *key*: `name: …`, or in msgspec's ways."""
        text = str(error)
        if place := _PLACE.search(text):
            self.complain(key + place[1], text[: place.start()])
        elif (quoted := _QUOTED.search(text)) and quoted[1] in known:
            self.complain(f"{key}.{quoted[1]}", text)
        elif (blamed := _BLAMED.fullmatch(text)) and blamed[1] in known:
            self.complain(f"{key}.{blamed[1]}", blamed[2])
        else:
            self.complain(key, text)


def known_keys(kind: type[OptionsClass]) -> list[str]:
    """The keys of a table that becomes *kind*, in the order of its fields."""
    keys = []
    for field in dataclasses.fields(kind):
        keys.append(field.name)
        if not field.repr:
            keys.append(field.name + FILE_SUFFIX)
    return keys


def is_required(field: dataclasses.Field[Any]) -> bool:
    """The field has no default."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _read_duration(value: object) -> timedelta:
    if not isinstance(value, str):
        raise ValueError(f'must be a duration such as "30m", not {_kind_of(value)}')
    span = parse_duration(value)
    if not span:
        raise ValueError("must be longer than nothing")
    return span


def _read_optional_duration(value: object) -> timedelta | None:
    return None if value == "" else _read_duration(value)


def _read_listen(value: object) -> ListenAddress:
    if not isinstance(value, str):
        raise ValueError(f'must be an address such as "127.0.0.1:9096", not {_kind_of(value)}')
    return parse_listen(value)


def _read_count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, not {_kind_of(value)}")
    if value < 1:
        raise ValueError("must be at least 1")
    return value


_READERS: dict[Any, Callable[[object], object]] = {
    timedelta: _read_duration,
    timedelta | None: _read_optional_duration,
    ListenAddress: _read_listen,
    int: _read_count,
}
"""Types that TOML does not have. Bare numbers count something: at least 1."""


def _read_plain(hint: Any) -> Callable[[object], object]:
    def read(value: object) -> object:
        try:
            return msgspec.convert(value, hint)
        except msgspec.ValidationError as error:
            choices = _choices_in(hint)
            allowed = f"; allowed are {', '.join(choices)}" if choices else ""
            text, at, place = str(error).partition(" - at ")
            raise ValueError(f"{text}{allowed}{at}{place}") from error

    return read


def _choices_in(hint: Any) -> list[str]:
    """The values that *hint* allows, as TOML writes them, where these can be listed."""
    if hint is bool:
        return ["true", "false"]
    if get_origin(hint) is Literal:
        return [f'"{choice}"' for choice in get_args(hint)]
    return [choice for inner in get_args(hint) for choice in _choices_in(inner)]


def _kind_of(value: object) -> str:
    """What a person who writes TOML calls it; never the value itself, which may be a secret."""
    names = {str: "a text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "a table" if isinstance(value, dict) else "a date")
