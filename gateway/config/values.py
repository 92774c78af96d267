"""Single values: from what TOML gives to what an option is. Nothing is guessed: a text is no
number, 1 is not true. Each raises ValueError saying what would be right."""

import types
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from gateway.bounds import Between
from gateway.config.secret_files import SecretFile
from gateway.durations import parse_duration
from gateway.web.http.options import ListenAddress, parse_listen
from matchers import Matcher, MatcherSyntaxError, parse

Matchers = tuple[Matcher, ...]

MAX_NUMBER = 2**50
"""A number counts something, of bytes up to a pebibyte."""

_any_count = Between(1, MAX_NUMBER)


def read_text(value: object, directory: Path) -> str:
    """The text itself, or what stands in the file that a secret is in."""
    if isinstance(value, SecretFile):
        return value.read(directory)
    if not isinstance(value, str):
        raise ValueError(f"must be a text, not {kind_of(value)}")
    return value


def read_lines(value: object, directory: Path) -> str:
    """As `read_text`, of a secret that may have several lines."""
    if isinstance(value, SecretFile):
        return value.read(directory, several_lines=True)
    return read_text(value, directory)


def read_number(value: object) -> int:
    """From 1 to MAX_NUMBER."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, not {kind_of(value)}")
    _any_count(value)
    return value


def read_duration(value: object) -> timedelta:
    """Longer than nothing."""
    span = parse_duration(_text_of(value, 'a duration such as "30m"'))
    if not span:
        raise ValueError("must be longer than nothing")
    return span


def read_listen(value: object) -> ListenAddress:
    return parse_listen(_text_of(value, 'an address such as "127.0.0.1:9096"'))


def read_path(value: object, directory: Path) -> Path:
    """Absolute; a relative one starts at *directory*."""
    text = _text_of(value, "the path of a file or a directory")
    try:
        return (directory / text).resolve()
    except (OSError, RuntimeError) as error:  # the latter for links that lead to themselves
        raise ValueError(f"is not a path: {error}") from error


def read_matchers(value: object) -> Matchers:
    """None for an empty text."""
    if value == "":
        return ()
    text = _text_of(value, "matchers such as 'team=\"payments\"'")
    try:
        return parse(text)
    except MatcherSyntaxError as error:
        pointer = f"{text[: error.position]}⟨here⟩{text[error.position :]}"
        raise ValueError(f"{error.reason}: {pointer}") from error


def read_choice(value: object, hint: Any) -> object:
    """One of `choices_of(hint)`."""
    for choice in choices_of(hint):
        if value == choice and isinstance(value, bool) == isinstance(choice, bool):
            return choice
    *others, last = (_as_toml(choice) for choice in choices_of(hint))
    raise ValueError(f"must be {', '.join(others)} or {last}")


def choices_of(hint: Any) -> tuple[Any, ...]:
    """The values that *hint* allows, if these can be listed; else nothing."""
    if hint is bool:
        return (True, False)
    if get_origin(hint) is Literal:
        return get_args(hint)
    if is_union(hint):
        parts = [choices_of(part) for part in get_args(hint)]
        return tuple(choice for part in parts for choice in part) if all(parts) else ()
    return tuple(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else ()


def is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def kind_of(value: object) -> str:
    """What a person who writes TOML calls it; never the value itself, which may be a secret."""
    names = {str: "a text", bool: "a boolean", int: "a number", float: "a number", list: "an array"}
    return names.get(type(value), "a table" if isinstance(value, dict) else "a date")


def _text_of(value: object, called: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"must be {called}, not {kind_of(value) if value else 'nothing'}")
    return value


def _as_toml(choice: object) -> str:
    return f'"{choice}"' if isinstance(choice, str) else str(choice).lower()
