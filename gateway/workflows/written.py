"""What stands in a declared table, read leniently: each mistake is noted, and reading goes on."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeVar

from gateway.workflows.aliases import canonical_keys

NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_LONGEST_TEXT = 200

Where = tuple[str | int, ...]
"""The way to a value: keys of tables, and numbers of elements of arrays."""
Written = Mapping[str, object]
C = TypeVar("C", bound=StrEnum)


class Finding(NamedTuple):
    """One thing to mend in what is declared."""

    where: Where
    sentence: str


@dataclass(slots=True)
class WrittenReader:
    """Reads values out of tables; what is wrong becomes its default, and a mistake."""

    mistakes: list[Finding] = field(default_factory=list)

    def boolean(self, table: Written, key: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            self.complain((key,), "must be true or false")
        return value is True

    def name(self, table: Written, where: Where, read: Callable[[str], str] = str) -> str:
        text = read(self.text(table, str(where[-1]), where[:-1]))
        if not text:
            self.complain(where, "is required")
        elif not NAME.fullmatch(text):
            self.complain(
                where, f"{text!r} is no name: a lower-case letter, then letters, digits, _ and -"
            )
        return text

    def text(self, table: Written, key: str, where: Where) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            self.complain((*where, key), "must be a text")
            return ""
        if len(value) > _LONGEST_TEXT or not value.isprintable():
            self.complain((*where, key), f"must be one line of at most {_LONGEST_TEXT} characters")
        return value

    def texts(self, table: Written, key: str, where: Where) -> tuple[str, ...]:
        """One text, or an array of them."""
        value = table.get(key, ())
        several = (value,) if isinstance(value, str) else value
        if not isinstance(several, list | tuple) or not all(isinstance(x, str) for x in several):
            self.complain((*where, key), "must be a text or an array of texts")
            return ()
        if any(not one or len(one) > _LONGEST_TEXT for one in several):
            self.complain((*where, key), f"has 1 to {_LONGEST_TEXT} characters each")
        return tuple(several)

    def of(self, table: Written, key: str, where: Where, known: Collection[str]) -> tuple[str, ...]:
        names = self.texts(table, key, where)
        for name in names:
            if name not in known:
                self.complain((*where, key), f"{name!r} is none of {', '.join(known)}")
        return names

    def choices(
        self,
        table: Written,
        key: str,
        where: Where,
        kind: type[C],
        read: Callable[[str], str] = str,
    ) -> tuple[C, ...]:
        texts = map(read, self.texts(table, key, where))
        found = [self.choice(text, kind, (*where, key)) for text in texts]
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def choice(self, text: str, kind: type[C], where: Where) -> C | None:
        if text in tuple(kind):
            return kind(text)
        self.complain(where, f"{text!r} is none of {', '.join(kind)}")
        return None

    def tables(
        self, body: Written, key: str, known: Collection[str], most: int
    ) -> list[tuple[Where, Written]]:
        value = body.get(key, ())
        if not isinstance(value, list | tuple) or not all(isinstance(x, Mapping) for x in value):
            self.complain((key,), "must be an array of tables")
            return []
        if len(value) > most:
            self.complain((key,), f"are {len(value)}, {most} at most")
            return []
        places = [(key, index) for index in range(len(value))]
        return [
            (where, self.known(table, known, where))
            for where, table in zip(places, value, strict=True)
        ]

    def known(self, table: Written, known: Collection[str], where: Where) -> Written:
        table = canonical_keys(table)
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
                self.complain((*where, key), f"unknown key; {hint}")
        return table

    def complain(self, where: Where, sentence: str) -> None:
        self.mistakes.append(Finding(where, sentence))
