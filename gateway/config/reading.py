"""One file being read: tables into options, mistakes into problems with their lines."""

from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from cattrs import BaseValidationError

from gateway.config.converter import new_converter
from gateway.config.mistakes import mistakes_in
from gateway.config.places import Places
from gateway.config.problems import Place, Problem, written
from gateway.config.secret_files import FILE_SUFFIX

Kind = TypeVar("Kind")


class Reading:
    """Where the file's keys stand, and what is wrong so far: one problem a place, the first."""

    def __init__(self, places: Places, directory: Path) -> None:
        self._places = places
        self._converter = new_converter(directory)
        self._problems: dict[Place, str] = {}

    @property
    def problems(self) -> list[Problem]:
        return [
            Problem(written(place), message, self._places.line_of(place))
            for place, message in self._problems.items()
        ]

    def complain(self, place: Place, message: str) -> None:
        """If a secret is at fault that stands in a file, the key that names the file is blamed."""
        if place and place not in self._places:
            file_place = (*place[:-1], f"{place[-1]}{FILE_SUFFIX}")
            place = file_place if file_place in self._places else place
        self._problems.setdefault(place, message)

    def is_whole(self, place: Place) -> bool:
        """Nothing is wrong there or below."""
        return not any(wrong[: len(place)] == place for wrong in self._problems)

    def read(self, value: Any, place: Place, kind: type[Kind]) -> Kind | None:
        """*value* as *kind*, without the keys that are wrong, which then are problems: so what
        must fit together is looked at all the same. None if nothing can be made of it."""
        try:
            return self._converter.structure(value, kind)
        except (BaseValidationError, ValueError) as error:
            mistakes = list(mistakes_in(error))
        for below, message in mistakes:
            self.complain(place + below, message)
        rest = _without(value, {str(below[0]) for below, _ in mistakes if below})
        with suppress(BaseValidationError, ValueError):
            return self._converter.structure(rest, kind)
        return None

    def tables(self, value: object, key: str) -> list[tuple[Place, Any]]:
        """The elements of an array that should be tables, each with its place."""
        if isinstance(value, list):
            return [((key, index), element) for index, element in enumerate(value)]
        self.complain((key,), f"must be tables, each written [[{key}]]")
        return []


def _without(value: Any, keys: set[str]) -> Any:
    """Of a table what is left without *keys*, and without the files that hold them."""
    if not isinstance(value, dict):
        return value
    return {
        key: inner
        for key, inner in value.items()
        if key not in keys and key.removesuffix(FILE_SUFFIX) not in keys
    }
