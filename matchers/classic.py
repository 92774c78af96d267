r"""Alertmanager's classic grammar: the only one up to 0.26, and since then the one that wins.

1. One leading `{` and one trailing `}` are dropped, each whether or not the other is there.
2. The rest is cut at commas outside double quotes; an empty last piece is ignored.
3. A piece is `name operator value` with white space (`[\t\n\f\r ]`) allowed around each;
   `name` is `[a-zA-Z_:][a-zA-Z0-9_:]*`, operator `=`, `!=`, `=~` or `!~`, value anything at all.
4. A value may stand in double quotes and must not hold others. `\n`, `\"` and `\\` are escapes;
   any other backslash is itself. Without quotes it may hold spaces, `=`, `~` and backslashes.

One deviation, here as in the UTF-8 grammar: `==` is an alias of `=`, where Alertmanager reads
`foo==bar` as the value `=bar`, which matches nothing that anybody meant; `==~` is refused.
"""

import re

from matchers.errors import MatcherSyntaxError
from matchers.lexer import WHITESPACE
from matchers.matcher import Matcher, Operator

_SPACE = "\t\n\f\r "
_HEAD = re.compile(rf"[{_SPACE}]*([a-zA-Z_:][a-zA-Z0-9_:]*)[{_SPACE}]*(=~|==|=|!=|!~)[{_SPACE}]*")
_ESCAPE = re.compile(r'\\([n"\\])')
_PLAIN_QUOTE = re.compile(r'\\.|(")', re.DOTALL)


def parse_list(text: str) -> tuple[Matcher, ...]:
    """All matchers of a list. Raises MatcherSyntaxError."""
    start = 1 if text.startswith("{") else 0
    end = len(text) - 1 if text.endswith("}") else len(text)
    return tuple(parse_single(piece, at) for piece, at in _pieces(text, start, end))


def parse_single(text: str, position: int = 0) -> Matcher:
    """One matcher; commas and braces belong to its value. *position* is where the text stands."""
    head = _HEAD.match(text)
    if head is None:
        raise MatcherSyntaxError(f"not a matcher: {text!r}; expected name=value", position)
    name, operator = head.groups()
    value_at = position + head.end()
    if operator == "==" and text.startswith("~", head.end(2)):
        raise MatcherSyntaxError("there is no operator ==~; use =~", position + head.start(2))
    value = _unescaped(text[head.end() :].rstrip(_SPACE), value_at)
    try:
        return Matcher(name, Operator("=" if operator == "==" else operator), value)
    except MatcherSyntaxError as error:
        raise MatcherSyntaxError(error.reason, value_at) from None


def _pieces(text: str, start: int, end: int) -> list[tuple[str, int]]:
    """What stands between the commas, with its place in the text."""
    pieces: list[tuple[str, int]] = []
    quoted = escaped = False
    for position in range(start, end):
        match text[position]:
            case "," if not quoted:
                pieces.append((text[start:position], start))
                start = position + 1
            case ",":
                pass  # Alertmanager does not end an escape here: `"\,"` swallows its closing quote
            case '"':
                quoted, escaped = quoted if escaped else not quoted, False
            case "\\":
                escaped = not escaped
            case _:
                escaped = False
    last = text[start:end].strip(WHITESPACE)
    if last:
        pieces.append((last, text.index(last, start)))
    return pieces


def _unescaped(raw: str, position: int) -> str:
    body, quoted = raw.removeprefix('"'), raw.startswith('"')
    if quoted:
        position += 1
    stray = next((found for found in _PLAIN_QUOTE.finditer(body) if found[1]), None)
    if stray is not None and not (quoted and stray.end() == len(body)):
        raise MatcherSyntaxError(
            r"a double quote in a value is written \"", position + stray.start()
        )
    if quoted:
        if stray is None:
            raise MatcherSyntaxError("this double quote is never closed", position - 1)
        body = body[:-1]
    return _ESCAPE.sub(lambda escape: "\n" if escape[1] == "n" else escape[1], body)
