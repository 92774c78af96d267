"""Which of many patterns match one value, without trying them one after the other.

Those with text of their own (`node-0042.*`) are looked up by a piece of it, the others are tried
together, as RE2 sets.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

import re2

from matchers.matcher import Matcher
from matchers.regex import quiet_options
from matchers.required import required_texts

T = TypeVar("T")

SET_MEMORY_BYTES = 8 << 20
"""Most memory that one set uses. Compiling fails unless the set can work within it, and where many
different values fill it RE2 begins anew, slower but right; so a set never misses silently."""
SET_PROGRAM = 20_000
"""RE2 instructions in one set, roughly at most, so that it compiles quickly within its memory."""
MAX_PATTERN_PROGRAM = 1_000
"""A pattern with more instructions is tried alone."""
SET_PATTERNS = 1_000
CROWD = 128
"""How many patterns of one set may have the same literal prefix and a repeat after it (`.*foo.*`,
`db-.*-eu`): they are underway at once, so the number of the set's states and the time to make one
both grow with theirs."""

PIECE_BYTES = 5
"""Of text by which a pattern is looked up."""
FEW = 16
"""Patterns that are quicker tried together than looked up."""
SHARED_BY = 8
"""Patterns, at most, that are looked up by one piece: each is tried when it is found."""

_LITERAL_PREFIX = re.compile(r"(?:[^\\.+*?()|\[\]{}^$]|\\[!-/:-@\[-^`{-~])*")
_REPEAT = re.compile(r"[*+{]")


class PatternTable(Generic[T]):
    """Patterns over one label's value, each with what it leads to."""

    __slots__ = ("_alone", "_pieces", "_sets")

    def __init__(self, rows: Sequence[tuple[Matcher, T]]) -> None:
        """*rows* hold matchers with the operator `=~`; their names are not looked at."""
        self._sets: list[tuple[Callable[[bytes], list[int] | None], list[T]]] = []
        self._alone: list[tuple[Callable[[str], bool], T]] = []
        self._pieces: dict[bytes, list[tuple[Callable[[str], bool], T]]] = {}
        if len(rows) > FEW:
            rows = self._file(rows)
        for hand in _dealt(rows):
            if (matching := compile_set([matcher.value for matcher, _ in hand])) is not None:
                self._sets.append((matching, [target for _, target in hand]))
            else:
                self._try_alone(hand)
        self._try_alone([row for row in rows if row[0].size > MAX_PATTERN_PROGRAM])

    def _file(self, rows: Sequence[tuple[Matcher, T]]) -> list[tuple[Matcher, T]]:
        """Returns those that no piece tells from many others."""
        pieces = [_pieces_needed(matcher.value) for matcher, _ in rows]
        popularity = Counter(piece for some in pieces for piece in some)
        left = []
        for row, some in zip(rows, pieces, strict=True):
            rarest = min(some, key=lambda piece: (popularity[piece], piece), default=None)
            if rarest is None or popularity[rarest] > SHARED_BY:
                left.append(row)
            else:
                self._pieces.setdefault(rarest, []).append((row[0].test, row[1]))
        return left

    def _try_alone(self, rows: Sequence[tuple[Matcher, T]]) -> None:
        self._alone += [(matcher.test, target) for matcher, target in rows]

    def find(self, value: str) -> list[T]:
        """What the patterns that match the whole value lead to, in no particular order."""
        found: list[T] = []
        text = value.encode("utf-8", "replace")
        if self._pieces:
            for piece in self._pieces.keys() & _pieces_of(text):
                found += [target for test, target in self._pieces[piece] if test(value)]
        for matching, targets in self._sets:
            places = matching(text)
            if places is not None:
                found += [targets[place] for place in places]
        for test, target in self._alone:
            if test(value):
                found.append(target)
        return found


def _pieces_needed(pattern: str) -> set[bytes]:
    return {piece for text in required_texts(pattern) for piece in _pieces(text.encode())}


@lru_cache(maxsize=256)  # one value is often looked for in several tables
def _pieces_of(text: bytes) -> frozenset[bytes]:
    return frozenset(_pieces(text))


def _pieces(text: bytes) -> set[bytes]:
    return {text[at : at + PIECE_BYTES] for at in range(len(text) - PIECE_BYTES + 1)}


def compile_set(
    patterns: Sequence[str], *, memory_bytes: int = SET_MEMORY_BYTES
) -> Callable[[bytes], list[int] | None] | None:
    """A function from a value to the places of the patterns that match it (None: no pattern does).

    None where trying the patterns one by one is better: a single one, or too many for the memory.
    """
    if len(patterns) < 2:
        return None
    options = quiet_options()
    options.max_mem = memory_bytes
    compiled = re2.Set.FullMatchSet(options)
    try:
        for pattern in patterns:
            compiled.Add(f"^(?:{pattern})$")
        compiled.Compile()
    except re2.error:
        return None
    matching: Callable[[bytes], list[int] | None] = compiled.Match
    return matching


def _dealt(rows: Sequence[tuple[Matcher, T]]) -> list[list[tuple[Matcher, T]]]:
    """The rows dealt into as few hands as make good sets, like cards, so that crowds are split."""
    rows = [row for row in rows if row[0].size <= MAX_PATTERN_PROGRAM]
    crowds = Counter(_literal_prefix(each) for each, _ in rows if _repeats_inside(each.value))
    hands = max(
        _rounded_up(len(rows), SET_PATTERNS),
        _rounded_up(sum(matcher.size for matcher, _ in rows), SET_PROGRAM),
        _rounded_up(max(crowds.values(), default=0), CROWD),
    )
    cards = sorted(rows, key=lambda row: _literal_prefix(row[0]))
    return [cards[first::hands] for first in range(hands)]


def _rounded_up(count: int, size: int) -> int:
    return -(-count // size)


def _literal_prefix(matcher: Matcher) -> str:
    found = _LITERAL_PREFIX.match(matcher.value)
    return found[0] if found else ""


def _repeats_inside(pattern: str) -> bool:
    """Whether a repeat stands before the pattern's end."""
    return _REPEAT.search(pattern.removesuffix(".*").removesuffix(".+")[:-1]) is not None
