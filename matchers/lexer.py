"""Text to tokens of the UTF-8 grammar, each with its place."""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from matchers.errors import MatcherSyntaxError

# White_Space of Unicode, which is what Go's unicode.IsSpace knows; str.isspace() knows more.
WHITESPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_TOKEN = re.compile(
    rf"""
    (?P<space> [{WHITESPACE}]+ )
  | (?P<open> \{{ )
  | (?P<close> \}} )
  | (?P<comma> , )
  | (?P<operator> =~ | == (?!~) | = (?!=~) | != | !~ )
  | " (?P<quoted> (?: [^"\\] | \\. )* ) "
  | (?P<unquoted> [^{WHITESPACE}{{}}!=~,\\"'`]+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_STRAY = {
    '"': "this double quote is never closed",
    "'": 'single quotes mean nothing here, use double quotes: name="value"',
    "`": 'backticks mean nothing here, use double quotes: name="value"',
    "\\": "a backslash must stand inside double quotes",
    "=": "there is no operator ==~; use =~",
    "~": "a ~ outside double quotes must follow = or !",
    "!": "! must be followed by = or ~",
}


class Kind(Enum):
    """What a token is."""

    OPEN = auto()
    CLOSE = auto()
    COMMA = auto()
    OPERATOR = auto()
    QUOTED = auto()
    UNQUOTED = auto()
    END = auto()


_KINDS = {kind.name.lower(): kind for kind in Kind}


class Token(NamedTuple):
    """A piece of the text. *text* of a quoted one is what stands between the quotes, as written."""

    kind: Kind
    text: str
    position: int
    """Of its first character (of a quoted one: of the opening quote)."""


def tokens(text: str) -> Iterator[Token]:
    """Tokens in order, ending with one of kind END. Raises MatcherSyntaxError when reached."""
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise MatcherSyntaxError(_STRAY[text[position]], position)
        group = found.lastgroup
        assert group is not None
        if group != "space":
            yield Token(_KINDS[group], found[group], position)
        position = found.end()
    yield Token(Kind.END, "", position)
