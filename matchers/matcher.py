"""One matcher: a label name, an operator and a value, as in `severity=~"critical|high"`."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from matchers.errors import MatcherSyntaxError
from matchers.regex import compile_pattern

_CLASSIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Operator(StrEnum):
    """How a label's value is compared; the text is the operator as written."""

    EQUAL = "="
    NOT_EQUAL = "!="
    MATCHES = "=~"
    NOT_MATCHES = "!~"

    @property
    def takes_pattern(self) -> bool:
        """Whether the value is a regular expression."""
        return self in (Operator.MATCHES, Operator.NOT_MATCHES)


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label. Equal and hashed by name, operator and value.

    A label that is missing equals one that is empty. Values are compared exactly; a pattern is RE2
    and must match the whole value. Raises MatcherSyntaxError for an empty name, text that is not
    Unicode (a lone surrogate), or a pattern that does not compile.
    """

    name: str
    op: Operator
    value: str
    test: Callable[[str], bool] = field(init=False, repr=False, compare=False)
    """The condition on the bare value; a missing label's is ""."""
    literals: frozenset[str] | None = field(init=False, repr=False, compare=False)
    """The only values that match, where these can be listed: of `=`, and of `=~"a|b"`."""
    size: int = field(init=False, repr=False, compare=False)
    """RE2's program size of a pattern; 0 for `=` and `!=`."""

    def __post_init__(self) -> None:
        if not self.name:
            raise MatcherSyntaxError("a label name must not be empty")
        for text in (self.name, self.value):
            if not text.isascii():
                _refuse_surrogates(text)
        op = Operator(self.op)
        test, literals, size = _compiled(op, self.value)
        derived = {"op": op, "test": test, "literals": literals, "size": size}
        for attribute, content in derived.items():
            object.__setattr__(self, attribute, content)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the label set fulfils this condition."""
        return self.test(labels.get(self.name, ""))

    @property
    def positive(self) -> bool:
        """Whether it demands that the label is there: `=` or `=~` that the empty value fails."""
        return self.op in (Operator.EQUAL, Operator.MATCHES) and not self.test("")

    def __str__(self) -> str:
        """The canonical spelling, with Alertmanager's escapes; `parse` reads it back."""
        name = self.name
        if not _CLASSIC_NAME.fullmatch(name):
            name = f'"{name.translate(_ESCAPES)}"'
        return f'{name}{self.op.value}"{self.value.translate(_ESCAPES)}"'

    def __reduce__(self) -> tuple[type["Matcher"], tuple[str, Operator, str]]:
        return Matcher, (self.name, self.op, self.value)


def render(matchers: Iterable[Matcher]) -> str:
    """The canonical spelling of a list: `{a="b", c=~"d"}`; `parse` reads it back."""
    return "{" + ", ".join(map(str, matchers)) + "}"


def _compiled(op: Operator, value: str) -> tuple[Callable[[str], bool], frozenset[str] | None, int]:
    """The test on a bare value, the values that pass it where these can be listed, and its size."""
    match op:
        case Operator.EQUAL:
            literals = frozenset((value,))
            return literals.__contains__, literals, 0
        case Operator.NOT_EQUAL:
            return value.__ne__, None, 0
        case Operator.MATCHES:
            pattern = compile_pattern(value)
            return pattern.matches, pattern.literals, pattern.size
        case Operator.NOT_MATCHES:
            pattern = compile_pattern(value)
            return _negated(pattern.matches), None, pattern.size
        case _:
            assert_never(op)


def _negated(test: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda value: not test(value)


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MatcherSyntaxError(f"{text!a} is not valid Unicode") from None
