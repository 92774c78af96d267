"""What is wrong with a configuration: everything at once, each with its place."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Place = tuple[str | int, ...]
"""The way to a value: keys of tables, and numbers of elements of arrays."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. *key* is a path such as `rules[0].window`, "" for the file as a whole."""

    key: str
    message: str
    line: int | None = None
    """Of the key, or of the table that lacks it; None if it is not known."""

    def __str__(self) -> str:
        """One line, whatever the configuration holds."""
        place = f"line {self.line}: " if self.line else ""
        text = f"{place}{self.key}: {self.message}" if self.key else f"{place}{self.message}"
        return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


class ConfigError(Exception):
    """The configuration cannot be used; nothing of it was."""

    def __init__(self, path: Path | None, problems: Sequence[Problem]) -> None:
        super().__init__(path, problems)
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda p: (p.line or 0, p.key)))

    def __str__(self) -> str:
        where = self.path or "the configuration"
        return "\n".join([f"{where} cannot be used:", *(f"  {p}" for p in self.problems)])


def written(place: Place) -> str:
    """*place* as TOML writes it: `sources."a/b".examples[0].in`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in place)
    return text.removeprefix(".")


def _key(step: str) -> str:
    return step if _BARE.fullmatch(step) else json.dumps(step)
