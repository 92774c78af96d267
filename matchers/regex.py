"""Regular expressions as Alertmanager reads them: RE2, and always over the whole value."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from matchers.errors import MatcherSyntaxError

MAX_PATTERN_BYTES = 4096
"""Longest pattern, in bytes of UTF-8: RE2 matches in linear time, but compiles what it is given."""

_METACHARACTERS = frozenset(r"\.+*?()|[]{}^$")
_QUOTED_OR_ESCAPED = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.", re.DOTALL)
_ALTERNATIVE = re.compile(r"((?:[^\\.+*?()|\[\]{}^$]|\\[!-/:-@\[-^`{-~])*)(\||\Z)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A compiled pattern. *size* is RE2's program size: what it costs in memory and in a set."""

    matches: Callable[[str], bool]
    """Whether the whole of a value matches. A lone surrogate in the value is seen as `?`."""
    literals: frozenset[str] | None
    """The only values that match, where the pattern is no more than alternatives; else None."""
    size: int


def quiet_options() -> re2.Options:
    """RE2 options that print nothing on a bad pattern and do not track what groups captured."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    return options


_OPTIONS = quiet_options()


@lru_cache(maxsize=1024)
def compile_pattern(value: str) -> Pattern:
    """Compile `^(?:value)$`; raise MatcherSyntaxError where Alertmanager would refuse it."""
    if len(value.encode()) > MAX_PATTERN_BYTES:
        raise MatcherSyntaxError(f"the regular expression is longer than {MAX_PATTERN_BYTES} bytes")
    if any(part[0] == r"\C" for part in _QUOTED_OR_ESCAPED.finditer(value)):
        raise MatcherSyntaxError(r"bad regular expression: \C (any byte) is not supported")
    if ")" in value:
        # `a)|(b` is sound inside `^(?:…)$`, and would then be anchored on one side only.
        _compile(value)
    try:
        regex = _compile(f"^(?:{value})$")
    except MatcherSyntaxError:
        _compile(value)  # which says the same without the frame, except of an open `\Q`
        raise
    literals = literals_of(value)
    if literals is not None:
        return Pattern(literals.__contains__, literals, regex.programsize)
    return Pattern(_whole_value(regex.fullmatch), None, regex.programsize)


def literals_of(value: str) -> frozenset[str] | None:
    r"""All values that a pattern such as `a|b\.c` matches, or None if it is more than that."""
    if _METACHARACTERS.isdisjoint(value):
        return frozenset((value,))
    found, position = [], 0
    while (part := _ALTERNATIVE.match(value, position)) is not None:
        found.append(_ESCAPED.sub(r"\1", part[1]))
        if not part[2]:
            return frozenset(found)
        position = part.end()
    return None


def _compile(pattern: str) -> Any:
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        raise MatcherSyntaxError(f"bad regular expression: {_said(error)}") from None


def _said(error: Exception) -> str:
    """RE2's own words, which it gives as bytes."""
    words = error.args[0]
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)


def _whole_value(fullmatch: Callable[[bytes], object]) -> Callable[[str], bool]:
    def matches(value: str) -> bool:
        # Bytes, because the wrapper translates offsets of str matches, which nobody needs here.
        return fullmatch(value.encode("utf-8", "replace")) is not None

    return matches
