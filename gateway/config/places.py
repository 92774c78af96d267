"""Where in a TOML file a key or an element stands: tomllib says it of syntax errors only."""

import re
import tomllib
from collections.abc import Iterator
from itertools import count

from gateway.config.problems import Place

_TOKEN = re.compile(
    r"""
      (?P<blank> [ \t\r]+ | \#[^\n]* )
    | (?P<text> "{3} (?: [^\\] | \\. )*? "{3,5}  |  '{3} .*? '{3,5}
              | " (?: [^"\\] | \\. )* "          |  ' [^']* ' )
    | (?P<mark> [\[\]{}=,.\n] )
    | (?P<word> [^ \t\r\n\#"'\[\]{}=,.]+ )
    """,
    re.VERBOSE | re.DOTALL,
)


class Places:
    """Line numbers of everything in *text*, which tomllib must have read."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Place, int] = {}
        self._arrays: dict[Place, int] = {}
        """How many tables of each `[[array]]` have begun."""
        self._tokens = _Tokens(text)
        self._read()

    def __contains__(self, place: Place) -> bool:
        return place in self._lines

    def line_of(self, place: Place) -> int | None:
        """The line of *place*, or of the nearest table around it."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place)

    def _note(self, place: Place, line: int) -> None:
        """Tables around it may have no line of their own: `a.b = 1`."""
        for length in range(1, len(place) + 1):
            self._lines.setdefault(place[:length], line)

    def _read(self) -> None:
        tokens, table = self._tokens, Place()
        while tokens.now:
            if tokens.now == "[":
                table = self._header()
            elif tokens.now == "\n":
                tokens.step()
            else:
                self._pair(table)

    def _header(self) -> Place:
        """`[a.b]` or `[[a.b]]`; the place of the table that begins. `a` may be an array itself."""
        tokens, line = self._tokens, self._tokens.line
        tokens.step()
        is_array = tokens.skip("[")
        *outer, last = self._dotted()
        tokens.skip("]")
        place = Place()
        for key in outer:
            place = self._within((*place, key))
        place = (*place, last)
        if is_array:
            self._arrays[place] = self._arrays.get(place, 0) + 1
            place = self._within(place)
        self._note(place, line)
        return place

    def _within(self, place: Place) -> Place:
        """Of an array of tables, the one that has begun last."""
        return (*place, self._arrays[place] - 1) if place in self._arrays else place

    def _pair(self, table: Place) -> None:
        line = self._tokens.line
        place = table + self._dotted()
        self._note(place, line)
        self._tokens.step()
        self._value(place)

    def _dotted(self) -> tuple[str, ...]:
        keys = [_plain(self._tokens.step())]
        while self._tokens.now == ".":
            self._tokens.step()
            keys.append(_plain(self._tokens.step()))
        return tuple(keys)

    def _value(self, place: Place) -> None:
        tokens = self._tokens
        if tokens.now == "[":
            self._array(place)
        elif tokens.now == "{":
            self._inline_table(place)
        else:
            while tokens.now and tokens.now not in ("\n", ",", "]", "}"):
                tokens.step()

    def _array(self, place: Place) -> None:
        tokens = self._tokens
        tokens.step()
        for index in count():
            tokens.skip("\n", ",")
            if tokens.now in ("]", ""):
                break
            self._note((*place, index), tokens.line)
            self._value((*place, index))
        tokens.step()

    def _inline_table(self, place: Place) -> None:
        tokens = self._tokens
        tokens.step()
        tokens.skip("\n", ",")
        while tokens.now not in ("}", ""):
            self._pair(place)
            tokens.skip("\n", ",")
        tokens.step()


class _Tokens:
    """The tokens of a TOML text, one at a time; "" behind the last."""

    def __init__(self, text: str) -> None:
        self._rest = self._split(text)
        self.now, self.line = "", 1
        self.step()

    def step(self) -> str:
        """To the next one; gives the one left behind."""
        left = self.now
        self.now, self.line = next(self._rest, ("", self.line))
        return left

    def skip(self, *marks: str) -> bool:
        """Past any number of *marks*; was there one?"""
        begin = self.now
        while self.now in marks:
            self.step()
        return begin in marks

    @staticmethod
    def _split(text: str) -> Iterator[tuple[str, int]]:
        line = 1
        for match in _TOKEN.finditer(text):
            if match.lastgroup != "blank":
                yield match[0], line
            line += match[0].count("\n")


def _plain(key: str) -> str:
    """A quoted key has TOML's escapes, which tomllib knows."""
    return str(next(iter(tomllib.loads(f"{key} = 0")))) if key[:1] in "\"'" else key
