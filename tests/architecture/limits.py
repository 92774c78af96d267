"""How large things may be, and what is larger all the same: that may only shrink."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

EQUAL_FILES = {
    "gateway.cli",
    "gateway.desk",
    "gateway.upkeep",
    "gateway.web.api",
    "gateway.web.views",
    "gateway.web.console.pages",
    "gateway.sources",
    "gateway.sinks",
    "gateway.sync",
}
"""Packages of equal files (one a command, a duty, a URL's noun …): they have no bound."""

EXCEPTIONS: Mapping[str, int] = {}
"""What is over its limit, with its number as measured."""


@dataclass(frozen=True)
class Limit:
    """Of one measure. *advice* says what to do about what is larger."""

    most: int
    unit: str
    advice: str

    def problems(
        self, measured: Mapping[str, int], exceptions: Mapping[str, int] = EXCEPTIONS
    ) -> Sequence[str]:
        """A sentence for each that is too large, is smaller than its exception says, or is gone."""
        found = []
        for what, number in measured.items():
            allowed = exceptions.get(f"{self.unit}: {what}", self.most)
            if number > allowed:
                found.append(f"{what}: {number} {self.unit}, {allowed} at most. {self.advice}")
            elif number < allowed and allowed > self.most:
                found.append(f"{what}: {number} {self.unit} by now. {self._shrink(number)}")
        gone = [key for key in exceptions if self._names_nothing(key, measured)]
        return found + [f"{key}: is no more. Take it out of EXCEPTIONS" for key in gone]

    def _shrink(self, number: int) -> str:
        if number <= self.most:
            return "Take it out of EXCEPTIONS"
        return f"Write {number} into EXCEPTIONS"

    def _names_nothing(self, key: str, measured: Mapping[str, int]) -> bool:
        unit, _, what = key.partition(": ")
        return unit == self.unit and what not in measured


PACKAGE = Limit(
    15,
    "modules in a package",
    "Give what belongs together in it a package of its own; if all its files are of one kind, "
    "name it in EQUAL_FILES",
)
PROTOCOL = Limit(
    7,
    "methods of a Protocol",
    "Split it by who calls what: a Protocol says what one part needs, not what another can do",
)
MODULE = Limit(400, "lines of a module", "Move one of the things it holds to a module of its own")
FUNCTION = Limit(50, "lines of a function", "Give its parts names, as functions of ten lines")
NAME = Limit(
    1,
    "modules with one public name",
    "Name them apart, so that a reader need not ask which is meant; what only its own module "
    "needs begins with `_`",
)
