"""Mistakes in what was written, each with its place."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

BodyPlace = tuple[str | int, ...]
"""The way to a value in a body: keys of tables, and numbers of elements."""


_NO_NUMBERS = (math.inf, -math.inf)


@dataclass(eq=False)
class BadBody(ValueError):
    """Every mistake in one body, with its place in it."""

    mistakes: Sequence[tuple[BodyPlace, str]]

    def __str__(self) -> str:
        return "; ".join(message for _, message in self.mistakes)


def not_plain(value: object, place: BodyPlace = ()) -> Iterator[tuple[BodyPlace, str]]:
    """What JSON cannot say: dates and numbers that are none."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from not_plain(inner, (*place, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from not_plain(inner, (*place, index))
    elif not isinstance(value, str | int | float) or value in _NO_NUMBERS or value != value:
        yield place, "must be a text, a number, a boolean, an array or a table"
