"""The laws of reading: the grammar, its refusals and their places, and the lenient readings."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers import Matcher, MatcherSyntaxError, Operator, classic, parse, parse_one, render
from tests.matchers.strategies import label_sets, list_texts, matchers_of, plainly_matches

EQUAL, NOT_EQUAL, MATCHES, NOT_MATCHES = Operator


def read(text: str, *, lenient: bool = False) -> list[tuple[str, str, str]]:
    return [(m.name, m.op.value, m.value) for m in parse(text, lenient=lenient)]


# Both grammars agree on these.
AGREED = [
    ("", []),
    ("{}", []),
    ("  ", []),
    ("foo=bar", [("foo", "=", "bar")]),
    ("{foo=bar}", [("foo", "=", "bar")]),
    ('foo="bar"', [("foo", "=", "bar")]),
    ('foo=""', [("foo", "=", "")]),
    ('{foo!="bar", baz=~"qux|x", q!~"z.*"}',
     [("foo", "!=", "bar"), ("baz", "=~", "qux|x"), ("q", "!~", "z.*")]),
    ("foo=bar,", [("foo", "=", "bar")]),
    ("{ foo = bar , }", [("foo", "=", "bar")]),
    ("\tfoo\n=\rbar ", [("foo", "=", "bar")]),
    ("foo=~[a-z]+", [("foo", "=~", "[a-z]+")]),
    ("foo=ba:r.é-1", [("foo", "=", "ba:r.é-1")]),
    ("a:b=c", [("a:b", "=", "c")]),
    ('foo="a,b",bar="}"', [("foo", "=", "a,b"), ("bar", "=", "}")]),
    (r'foo="a\nb\\c\"d"', [("foo", "=", 'a\nb\\c"d')]),
    (r'foo=~"\d+"', [("foo", "=~", r"\d+")]),
    (r'foo=~"\\d+"', [("foo", "=~", r"\d+")]),
    (r'foo=~"\x{41}\pL\Qa\E"', [("foo", "=~", r"\x{41}\pL\Qa\E")]),
    (r'foo="\8\uZZ\ud800\U00110000\777\'"', [("foo", "=", r"\8\uZZ\ud800\U00110000\777\'")]),
    ("foo==bar", [("foo", "=", "bar")]),
    ('foo == "bar"', [("foo", "=", "bar")]),
    ('foo="=bar"', [("foo", "=", "=bar")]),
    ("foo=a,foo=a", [("foo", "=", "a"), ("foo", "=", "a")]),
    ('foo=" bar "', [("foo", "=", " bar ")]),
    ('foo="\ta"', [("foo", "=", "\ta")]),
]  # fmt: skip


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(("text", "expected"), AGREED)
def test_both_modes_read_alike(
    text: str, expected: list[tuple[str, str, str]], lenient: bool
) -> None:
    assert read(text, lenient=lenient) == expected


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"foo"="bar"', [("foo", "=", "bar")]),
        ('{"dotted.name"=~"x", y="z"}', [("dotted.name", "=~", "x"), ("y", "=", "z")]),
        ("föö=bär", [("föö", "=", "bär")]),
        ("dotted.name=x", [("dotted.name", "=", "x")]),
        ("9=x", [("9", "=", "x")]),
        ('"a b,c={}"="x"', [("a b,c={}", "=", "x")]),
        (r'"\u00e9\xc3\xa9\303\251\U0001F600\a\b\f\n\r\t\v\\\""=x',
         [("ééé😀\a\b\f\n\r\t\v\\\"", "=", "x")]),
        (" {foo=bar} ", [("foo", "=", "bar")]),
        ("foo\u00a0=\u2003bar", [("foo", "=", "bar")]),
    ],
)  # fmt: skip
def test_what_only_the_utf8_grammar_can_read_is_read_in_both_modes(
    text: str, expected: list[tuple[str, str, str]], lenient: bool
) -> None:
    with pytest.raises(MatcherSyntaxError):
        classic.parse_list(text)
    assert read(text, lenient=lenient) == expected


@pytest.mark.parametrize(
    ("text", "strictly", "leniently"),
    [
        (r'foo="a\tb"', "a\tb", r"a\tb"),
        (r'foo="\xc3\xa9"', "é", r"\xc3\xa9"),
        (r'foo="\u0041"', "A", r"\u0041"),
        (r'foo="\101"', "A", r"\101"),
        (r'foo="\b"', "\b", r"\b"),
    ],
)
def test_where_both_grammars_can_read_leniently_the_classic_one_wins(
    text: str, strictly: str, leniently: str
) -> None:
    assert read(text) == [("foo", "=", strictly)]
    assert read(text, lenient=True) == [("foo", "=", leniently)]


# Each is a trap or an error: the place is where people should look.
REFUSED = [
    ("foo", 3, "an operator"),
    ("foo bar", 4, "an operator"),
    ("foo=", 4, "a value"),
    ("foo=,", 4, "a value"),
    ("=bar", 0, "a label name"),
    ("foo=bar baz", 8, "needs double quotes"),
    ("foo=bar baz=qux", 8, "needs double quotes"),
    ("foo=a=b", 5, "needs double quotes"),
    ("foo=a!b", 5, "! must be followed by"),
    ("foo=a~b", 5, "a ~ outside double quotes"),
    ("foo~bar", 3, "a ~ outside double quotes"),
    ("foo==~bar", 3, "no operator ==~"),
    ("foo===bar", 5, "a value"),
    ("foo!==bar", 5, "a value"),
    ("foo=!bar", 4, "! must be followed by"),
    ("foo=!=bar", 4, "a value"),
    ("foo=~=bar", 5, "a value"),
    ("foo=''", 4, "single quotes"),
    ("foo='bar'", 4, "single quotes"),
    ("foo=`bar`", 4, "backticks"),
    ("'foo'=bar", 0, "single quotes"),
    ("foo=it's", 6, "single quotes"),
    ("{foo=bar", 0, "never closed"),
    ("foo=bar}", 7, "closes nothing"),
    ("}", 0, "closes nothing"),
    ("{", 0, "never closed"),
    ("{{foo=bar}}", 1, "a label name"),
    ("{foo=bar}}", 9, "nothing after }"),
    ("{foo=bar},", 9, "nothing after }"),
    ("{foo=bar} x=y", 10, "nothing after }"),
    ("foo=bar{", 7, "a comma or the end"),
    (",", 0, "a label name"),
    ("{,}", 1, "a label name"),
    ("foo=bar,,", 8, "a comma or the end"),
    (",foo=bar", 0, "a label name"),
    ('foo="bar', 4, "never closed"),
    ('foo="bar\\"', 4, "never closed"),
    ('foo=bar"', 7, "never closed"),
    ('foo="a"b"', 7, "a comma or the end"),
    ('foo="a""b"', 7, "a comma or the end"),
    ('"foo=bar', 0, "never closed"),
    (r"foo=\d+", 4, "inside double quotes"),
    (r"foo=a\d", 5, "inside double quotes"),
    ('foo="a\nb"', 6, r"is written \n"),
    (r'foo="\xff"', 4, "valid UTF-8"),
    (r'foo=~"a\bc"', 7, "word boundary"),
    (r'a=b, foo!~"\b"', 11, "word boundary"),
    ('foo=~"("', 5, "bad regular expression: missing )"),
    ("a=b,foo=~*", 9, "bad regular expression"),
    ('""=x', 0, "must not be empty"),
    ('a=b,""=x', 4, "must not be empty"),
    ("a=b\ud800", 3, "not valid Unicode"),
    ("\ud800", 0, "not valid Unicode"),
]


@pytest.mark.parametrize(("text", "position", "hint"), REFUSED)
def test_a_refusal_names_the_place_and_what_is_wrong(text: str, position: int, hint: str) -> None:
    with pytest.raises(MatcherSyntaxError) as caught:
        parse(text)
    assert caught.value.position == position
    assert hint in caught.value.reason
    assert str(caught.value) == f"{caught.value.reason} (at position {position})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("foo=", [("foo", "=", "")]),
        ("foo=,bar=", [("foo", "=", ""), ("bar", "=", "")]),
        ("foo=bar baz=qux", [("foo", "=", "bar baz=qux")]),
        ("foo=a=b", [("foo", "=", "a=b")]),
        ("foo= =b", [("foo", "=", "=b")]),
        ("foo!==b", [("foo", "!=", "=b")]),
        ("foo=!=b", [("foo", "=", "!=b")]),
        ("foo=~~~", [("foo", "=~", "~~")]),
        ("foo='bar'", [("foo", "=", "'bar'")]),
        ("foo=`bar`", [("foo", "=", "`bar`")]),
        ("{foo=bar", [("foo", "=", "bar")]),
        ("foo=bar}", [("foo", "=", "bar")]),
        ("{foo=bar}}", [("foo", "=", "bar}")]),
        ("{{foo=bar}", None),
        ("{", []),
        ("}", []),
        ("foo={x}y", [("foo", "=", "{x}y")]),
        (r"foo=~\d+", [("foo", "=~", r"\d+")]),
        ("foo=a\\", [("foo", "=", "a\\")]),
        (r"foo=a\"b", [("foo", "=", 'a"b')]),
        (r"foo=a\nb", [("foo", "=", "a\nb")]),
        ('foo="a\nb"', [("foo", "=", "a\nb")]),
        (r'foo=~"\bx"', [("foo", "=~", r"\bx")]),
        (r'foo="\xff"', [("foo", "=", r"\xff")]),
        (r'foo="\\n\d\\"', [("foo", "=", "\\n\\d\\")]),
        ('foo="a,b", bar=c', [("foo", "=", "a,b"), ("bar", "=", "c")]),
        (r'foo="a\",b",bar=c', [("foo", "=", 'a",b'), ("bar", "=", "c")]),
        ("foo=bar\u00a0", [("foo", "=", "bar")]),
        ("foo=bar\u00a0,", [("foo", "=", "bar\u00a0")]),
        ("foo=bar, \u00a0", [("foo", "=", "bar")]),
        ("foo=bar\v,a=b", [("foo", "=", "bar\v"), ("a", "=", "b")]),
        ("foo===bar", [("foo", "=", "=bar")]),
        (",", None),
        ("{,}", None),
        ("foo=bar,,", None),
        (",foo=bar", None),
        ("foo", None),
        ("foo!bar", None),
        ("foo~bar", None),
        ("foo==~bar", None),
        ('foo="bar', None),
        ('foo=bar"', None),
        ('foo="a"b"', None),
        ('foo=a"b', None),
        ('foo="bar\\"', None),
        (r'foo="\",bar="x"', None),
        (r'foo="a\,",b="c"', [("foo", "=", r"a\,"), ("b", "=", "c")]),
        ('foo="', None),
        ("föö", None),
        ("'foo'=bar", None),
        ('foo=~"("', None),
        ('""=x', None),
        ("a=\ud800", None),
    ],
)
def test_leniently_the_classic_grammar_is_read_surprises_and_all(
    text: str, expected: list[tuple[str, str, str]] | None
) -> None:
    if expected is not None:
        assert read(text, lenient=True) == expected
        return
    with pytest.raises(MatcherSyntaxError):
        parse(text, lenient=True)


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("foo=bar,  baz", 10, "not a matcher: 'baz'"),
        ('{a=b, foo=a"b}', 11, "a double quote in a value"),
        ('a=b, foo="x', 9, "never closed"),
        ("a=b, foo=~ (", 11, "bad regular expression"),
        ("a=b, foo ==~ x", 9, "no operator ==~"),
        ("a=b, ,", 4, "not a matcher"),
    ],
)
def test_a_lenient_refusal_names_the_place_too(text: str, position: int, hint: str) -> None:
    with pytest.raises(MatcherSyntaxError) as caught:
        parse(text, lenient=True)
    assert caught.value.position == position
    assert hint in caught.value.reason


@pytest.mark.parametrize("lenient", [False, True])
def test_one_matcher_is_read_without_braces_and_alone(lenient: bool) -> None:
    assert parse_one('foo=~"a,b"', lenient=lenient) == Matcher("foo", MATCHES, "a,b")
    assert parse_one("päth==x", lenient=lenient) == Matcher("päth", EQUAL, "x")
    for text, position in (
        ("{foo=bar}", 0),
        ("foo=bar}", 7),
        ("", 0),
        ("foo", 3),
        ("x.y=1,z=2", 0),
    ):
        with pytest.raises(MatcherSyntaxError) as caught:
            parse_one(text, lenient=lenient)
        assert caught.value.position == (0 if text == "foo" and lenient else position)


def test_leniently_a_comma_belongs_to_the_one_value() -> None:
    assert parse_one("foo=a,b=c", lenient=True) == Matcher("foo", EQUAL, "a,b=c")
    with pytest.raises(MatcherSyntaxError, match="found 2"):
        parse_one("foo=a,b=c")


@given(st.lists(matchers_of()).map(tuple))
def test_what_is_rendered_is_read_back(matchers: tuple[Matcher, ...]) -> None:
    assert parse(render(matchers)) == matchers
    assert parse(render(matchers), lenient=True) == matchers


_SPACES = st.text(st.sampled_from(" \t\n\r\v\u00a0\u2028"), max_size=2)
_NAMED = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
_RESERVED = set("{}!=~,\\\"'` \t\n\r\v\f\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000") | {
    chr(code) for code in range(0x2000, 0x200B)
}


@st.composite
def spelled_texts(draw: st.DrawFn, text: str, *, pattern: bool = False) -> str:
    """One of the ways to write a name or a value."""
    if text and _RESERVED.isdisjoint(text) and draw(st.booleans()):
        return text
    return '"' + "".join(draw(_spelled_character(each, pattern)) for each in text) + '"'


def _spelled_character(character: str, pattern: bool) -> st.SearchStrategy[str]:
    code = ord(character)
    ways = ["".join(f"\\x{byte:02x}" for byte in character.encode()), f"\\U{code:08x}"]
    ways.append("".join(f"\\{byte:03o}" for byte in character.encode()))
    if code < 0x10000:
        ways.append(f"\\u{code:04X}")
    if character in '\\"\n':
        return st.sampled_from([*ways, {"\n": r"\n"}.get(character, "\\" + character)])
    if character in _NAMED and not (pattern and character == "\b"):
        ways.append(_NAMED[character])
    return st.sampled_from([character] * 4 + ways)


@st.composite
def spelled_lists(draw: st.DrawFn) -> tuple[str, tuple[Matcher, ...]]:
    """A list and one of the ways to write it."""
    matchers = tuple(draw(st.lists(matchers_of(), max_size=3)))
    pieces = []
    for each in matchers:
        op = draw(st.sampled_from(["=", "=="])) if each.op is EQUAL else each.op.value
        value = draw(spelled_texts(each.value, pattern=each.op.takes_pattern))
        parts = (draw(spelled_texts(each.name)), op, value)
        pieces.append("".join(draw(_SPACES) + part for part in parts) + draw(_SPACES))
    text = ",".join(pieces) + (draw(st.sampled_from(["", ","])) if pieces else "")
    if draw(st.booleans()):
        text = f"{draw(_SPACES)}{{{text}{draw(_SPACES)}}}{draw(_SPACES)}"
    return text, matchers


@given(spelled_lists(), label_sets)
def test_every_spelling_is_read_as_the_matchers_it_spells(
    spelled: tuple[str, tuple[Matcher, ...]], labels: dict[str, str]
) -> None:
    text, matchers = spelled
    assert parse(text) == matchers
    for each in parse(text):
        assert each.matches(labels) is plainly_matches(each, labels)


fragmentary = st.lists(st.sampled_from((*"={}!~,\"'`\\ \n\u00a0", "foo", "=~", "x|y"))).map("".join)


@given(fragmentary | list_texts | st.text())
def test_any_text_is_read_or_refused_at_a_place_within_it(text: str) -> None:
    for lenient in (False, True):
        for reading in (parse, parse_one):
            try:
                reading(text, lenient=lenient)
            except MatcherSyntaxError as error:
                assert 0 <= error.position <= len(text)
                assert error.reason


@given(spelled_lists().map(lambda spelled: spelled[0]) | list_texts)
def test_what_is_strictly_sound_is_leniently_sound(text: str) -> None:
    try:
        strictly = parse(text)
    except MatcherSyntaxError:
        return
    leniently = parse(text, lenient=True)
    if re.search(r"\\[abfrtvxuU0-7]|[^\S \t\n\f\r]", text) is None:
        assert leniently == strictly


@given(fragmentary | list_texts)
def test_leniently_the_classic_reading_stands_wherever_there_is_one(text: str) -> None:
    try:
        classically = classic.parse_list(text)
    except MatcherSyntaxError:
        return
    assert parse(text, lenient=True) == classically


def test_hostile_texts_are_refused_in_linear_time() -> None:
    spaced = "a=" + " " * 200_000 + "x y"
    for hostile in (spaced, 'a="' + "\\" * 200_000, "{" * 200_000, "a=b," * 20_000 + "!"):
        with pytest.raises(MatcherSyntaxError):
            parse(hostile)
    assert parse(spaced, lenient=True)[0].value == "x y"
