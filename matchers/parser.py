r"""Text to matchers, in the language of Alertmanager's silences and routes.

    list    = [ "{" ] [ matcher { "," matcher } [ "," ] ] [ "}" ]      braces both or neither
    matcher = name operator value
    name    = quoted | unquoted                                      any Unicode but empty
    operator= "=" | "==" | "!=" | "=~" | "!~"                        == means =
    value   = quoted | unquoted
    quoted  = '"' { character | escape } '"'
    escape  = \a \b \f \n \r \t \v \\ \" \xHH \ooo \uXXXX \UXXXXXXXX
    unquoted= one or more characters other than white space and { } ! = ~ , \ " ' `

This is Alertmanager's UTF-8 grammar with three changes. `==` is an alias of `=` in every mode
(Alertmanager reads an unquoted `foo==bar` as the value `=bar`). A backslash that begins no escape
stays as it is written, so `"\d+"` needs no doubling; and `\b` in a pattern is refused, because it
would be a backspace. What the classic grammar reads in a surprising way is an error with its place:
unquoted values with spaces or `=`, a brace without its partner, single quotes, backticks.

`lenient` takes what Alertmanager's default parser (0.27 and later) takes: the classic grammar (see
`matchers.classic`), and where that fails this one. What both can read, the classic one reads: in
`foo="a\tb"` a backslash and a `t`, where strictly it is a tab; and only ASCII space is white space.
"""

from collections.abc import Iterator

from matchers import classic
from matchers.errors import MatcherSyntaxError
from matchers.lexer import Kind, Token, tokens
from matchers.matcher import Matcher, Operator
from matchers.quoting import unquote


def parse(text: str, *, lenient: bool = False) -> tuple[Matcher, ...]:
    """Read a list of matchers; an empty one is `()`. Raises MatcherSyntaxError."""
    _refuse_surrogates(text)
    if not lenient:
        return _TokenParser(text).parse_list()
    try:
        return classic.parse_list(text)
    except MatcherSyntaxError as error:
        return _or_else(error, text)


def parse_one(text: str, *, lenient: bool = False) -> Matcher:
    """Read exactly one matcher, without braces: Alertmanager's `filter` parameter.

    Leniently a comma belongs to the unquoted value (`foo=a,b`), as it does in that parameter.
    """
    _refuse_surrogates(text)
    if text.startswith("{"):
        raise MatcherSyntaxError("one matcher stands without braces", 0)
    if text.endswith("}"):
        raise MatcherSyntaxError("one matcher stands without braces", len(text) - 1)
    if not lenient:
        return _only(_TokenParser(text).parse_list())
    try:
        return classic.parse_single(text)
    except MatcherSyntaxError as error:
        return _only(_or_else(error, text))


def _or_else(classic_error: MatcherSyntaxError, text: str) -> tuple[Matcher, ...]:
    """What the UTF-8 grammar reads, or the error of the classic one, as in Alertmanager."""
    try:
        return _TokenParser(text).parse_list()
    except MatcherSyntaxError:
        raise classic_error from None


def _only(matchers: tuple[Matcher, ...]) -> Matcher:
    if len(matchers) != 1:
        raise MatcherSyntaxError(f"expected one matcher, found {len(matchers)}")
    return matchers[0]


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MatcherSyntaxError("the text is not valid Unicode", error.start) from None


class _TokenParser:
    """One pass over the tokens of one text, looking one token ahead."""

    def __init__(self, text: str) -> None:
        self._tokens: Iterator[Token] = tokens(text)
        self._next = next(self._tokens)

    def parse_list(self) -> tuple[Matcher, ...]:
        matchers: list[Matcher] = []
        opened = self._take(Kind.OPEN)
        while self._next.kind in (Kind.QUOTED, Kind.UNQUOTED):
            matchers.append(self._matcher())
            if self._take(Kind.COMMA) is None:
                break
        self._close(opened, after_matcher=bool(matchers))
        return tuple(matchers)

    def _take(self, *kinds: Kind) -> Token | None:
        token = self._next
        if token.kind not in kinds:
            return None
        if token.kind is not Kind.END:
            self._next = next(self._tokens)
        return token

    def _matcher(self) -> Matcher:
        name = self._take(Kind.QUOTED, Kind.UNQUOTED)
        assert name is not None
        operator = self._take(Kind.OPERATOR)
        if operator is None:
            raise self._unexpected("an operator: =, !=, =~ or !~")
        value = self._take(Kind.QUOTED, Kind.UNQUOTED)
        if value is None:
            raise self._unexpected('a value (the empty one is "", one with = or spaces "a = b")')
        return _built(name, operator, value)

    def _close(self, opened: Token | None, *, after_matcher: bool) -> None:
        closing = self._take(Kind.CLOSE)
        if opened is None and closing is not None:
            raise MatcherSyntaxError("this } closes nothing", closing.position)
        if self._take(Kind.END) is None:
            if closing is not None:
                raise self._unexpected("nothing after }")
            hint = " (a value with = or spaces needs double quotes)"
            raise self._unexpected(f"a comma or the end{hint}" if after_matcher else "a label name")
        if opened is not None and closing is None:
            raise MatcherSyntaxError("this { is never closed", opened.position)

    def _unexpected(self, wanted: str) -> MatcherSyntaxError:
        token = self._next
        found = "the end" if token.kind is Kind.END else repr(token.text)
        return MatcherSyntaxError(f"expected {wanted}; found {found}", token.position)


def _built(name: Token, operator: Token, value: Token) -> Matcher:
    op = Operator("=" if operator.text == "==" else operator.text)
    name_text = _decoded(name, pattern=False)
    if not name_text:
        raise MatcherSyntaxError("a label name must not be empty", name.position)
    value_text = _decoded(value, pattern=op.takes_pattern)
    try:
        return Matcher(name_text, op, value_text)
    except MatcherSyntaxError as error:
        raise MatcherSyntaxError(error.reason, value.position) from None


def _decoded(token: Token, *, pattern: bool) -> str:
    if token.kind is Kind.UNQUOTED:
        return token.text
    return unquote(token.text, token.position, pattern=pattern)
