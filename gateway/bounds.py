"""What an option may hold beyond what its type says, declared beside it.

    workers: Annotated[int, Between(1, 256)] = 1

Whatever can be called with the value and raises ValueError is such a bound.
"""

from collections.abc import Sized
from dataclasses import dataclass
from typing import NewType

Lines = NewType("Lines", str)
"""A text that may have several lines. If it is a secret, so may its file; other secrets' have one.
"""
MAX_NAME_CHARACTERS = 200
"""Of what is part of a key in PostgreSQL, a metric's label or a line of a log."""


@dataclass(frozen=True, slots=True)
class Between:
    """A number within these, both included."""

    least: int
    most: int

    def __call__(self, number: int) -> None:
        if number < self.least:
            raise ValueError(f"must be at least {self.least}")
        if number > self.most:
            raise ValueError(f"must be at most {self.most}")


def not_empty(value: Sized) -> None:
    """A text with something in it, or a list or a table."""
    if not value:
        raise ValueError("must not be empty")


def short(text: str) -> None:
    """A name, not an essay."""
    if len(text) > MAX_NAME_CHARACTERS:
        raise ValueError(f"must be at most {MAX_NAME_CHARACTERS} characters long")
