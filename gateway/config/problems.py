"""What is wrong with a configuration: everything at once, each with its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. *key* is a path such as `rules[0].window`, "" for the file as a whole."""

    key: str
    message: str
    line: int | None = None
    """Of the key, or of the table that lacks it; None if it is not known."""

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.key}: {self.message}" if self.key else f"{place}{self.message}"


class ConfigError(Exception):
    """The configuration cannot be used; nothing of it was."""

    def __init__(self, path: Path | None, problems: Sequence[Problem]) -> None:
        super().__init__(path, problems)
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda p: (p.line or 0, p.key)))

    def __str__(self) -> str:
        where = self.path or "the configuration"
        return "\n".join([f"{where} cannot be used:", *(f"  {p}" for p in self.problems)])
