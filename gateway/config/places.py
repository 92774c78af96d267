"""Where in a TOML file a key stands: tomllib says it of syntax errors only."""

import re
from collections import Counter

_KEY = r"(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')"
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_ARRAY = re.compile(rf"\s*\[\[\s*({_DOTTED})\s*\]\]")
_TABLE = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]")
_VALUE = re.compile(rf"\s*({_DOTTED})\s*=")
_PART = re.compile(_KEY)


class Places:
    """Line numbers by key path. Keys in inline tables and multi-line values have their parent's."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, int] = {}
        self._arrays: Counter[str] = Counter()
        table, quotes = "", 0
        for number, line in enumerate(text.splitlines(), start=1):
            if quotes % 2 == 0:
                table = self._read(table, line, number)
            quotes += line.count('"""') + line.count("'''")

    def line_of(self, key: str) -> int | None:
        """The line of *key*, or of the nearest table around it."""
        while key and key not in self._lines:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return self._lines.get(key)

    def _read(self, table: str, line: str, number: int) -> str:
        """Note what *line* begins; returns the table that the next lines are in."""
        if match := _ARRAY.match(line):
            name = self._indexed(_plain(match[1]))
            table = f"{name}[{self._arrays[name]}]"
            self._arrays[name] += 1
            self._lines[table] = number
            return table
        if match := _TABLE.match(line):
            table = self._indexed(_plain(match[1]))
            self._lines[table] = number
        elif match := _VALUE.match(line):
            key = _plain(match[1])
            self._lines.setdefault(f"{table}.{key}" if table else key, number)
        return table

    def _indexed(self, name: str) -> str:
        """`rules.x` within the second `[[rules]]` is `rules[1].x`."""
        head, dot, tail = name.partition(".")
        if dot and self._arrays[head]:
            return f"{head}[{self._arrays[head] - 1}].{tail}"
        return name


def _plain(dotted: str) -> str:
    return ".".join(part.strip("\"'") for part in _PART.findall(dotted))
