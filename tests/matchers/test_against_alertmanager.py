"""Our lenient reading against a real Alertmanager and its amtool.

The laws hold for every version: what Alertmanager takes we take and understand alike, and what our
classic grammar takes Alertmanager takes. Where a version is named, the fact was seen in that one.
"""

import json
import re
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from matchers import Matcher, MatcherSyntaxError, Operator, classic, parse, parse_one
from tests.matchers.conftest import Server
from tests.matchers.strategies import list_texts, matcher_texts

pytestmark = pytest.mark.acceptance

# The examples are the same in each run, because the answers come from outside.
bounded = partial(
    settings,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


def ours_one(text: str) -> Matcher | None:
    try:
        return parse_one(text, lenient=True)
    except MatcherSyntaxError:
        return None


def ours(text: str) -> tuple[Matcher, ...] | None:
    try:
        return parse(text, lenient=True)
    except MatcherSyntaxError:
        return None


def classically(text: str) -> tuple[Matcher, ...] | None:
    try:
        return classic.parse_list(text)
    except MatcherSyntaxError:
        return None


def found_by(matcher: Matcher, server: Server) -> set[str]:
    return {key for key, labels in server.alerts.items() if matcher.matches(labels)}


FILTERS = [
    "foo=bar", 'foo="bar"', 'foo=""', "foo=", 'foo!=""', "foo!=bar", 'foo=~"bar"', "foo=~ba",
    "foo=~.*", "foo=~.+", 'foo!~".+"', "foo!~bar", "foo=~a|b", "foo=~(?i)BAR", r"foo=~\d+",
    r'foo=~"\d+"', r"foo=~\\d+", r'foo="\\d+"', r"foo=\d+", r'foo="a\tb"', r'foo=~"a\tb"',
    r"foo=x\n", r'foo=~"x\n"', 'foo=~"x."', 'foo=~"(?s)x."', "foo=~x$", "foo=~(?m)x$", r"foo=~\pL",
    r'foo=~"\p{Han}"', r"foo=~\w", r"foo=~\s", "foo=~[[:alpha:]]+", 'foo=~"a{2}"', 'foo=~"a{,2}"',
    r"foo=~\Qa.b\E", r"foo=~a\z", r'foo=~"\x{41}"', "foo=bar baz", "foo= =bar", "foo='bar'",
    "foo=`bar`", "foo=a,b", "foo={x}y", "foo=é", 'foo="e\u0301"', "foo=\\", r'foo="a\"b"',
    r"foo=a\"b", 'foo="x\n"', "foo=bar\u00a0", " foo = bar ", "a=bar", "missing=", "missing!=x",
    "missing=~.*", "missing!~.+", "foo=~(?i:bar)|a", "foo=~[^a]", "foo=~(?P<n>bar)", "foo=~a(?i)B",
    "foo=~(?-s)x.", "foo=~(?U)a+", "foo=~^bar$", r"foo=~\bbar\b", r"foo=~\Q\C\E", r"foo=~\\\\C",
    r"foo=~a\\\C",
]  # fmt: skip

REFUSED_FILTERS = [
    "", "foo", "foo!bar", "foo~bar", ",", '"', 'foo="bar', 'foo=bar"', 'foo=a"b', 'foo="a"b"',
    "'foo'=x", "{foo=bar}", "foo=~(", "foo=~[", "foo=~*", "foo=~a**", "foo=~(?!x)y", "foo=~(?<=x)y",
    r"foo=~(a)\1", "foo=~(?P=n)", "foo=~a++", "foo=~(?>a)b", r"foo=~a\Z", "foo=~(?#c)a",
    r"foo=~\u0041", r"foo=~\é", 'foo=~"a{1001}"', 'foo=~"(a{100}){100}"', "foo=~[[:foo:]]",
    r"foo=~\C", r"foo=~\\C", r"foo=~\\\\\C", r"foo=~\Qa",
]  # fmt: skip


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_is_taken_and_finds_as_in_alertmanager(server: Server, text: str) -> None:
    assert server.found(text) == found_by(parse_one(text, lenient=True), server)


@pytest.mark.parametrize("text", REFUSED_FILTERS)
def test_a_filter_is_refused_as_in_alertmanager(server: Server, text: str) -> None:
    assert server.found(text) is None
    assert ours_one(text) is None


@given(matcher_texts())
@bounded(max_examples=400)
def test_any_filter_is_taken_and_finds_as_in_alertmanager(server: Server, text: str) -> None:
    assume("==" not in text and not text.startswith("{") and not text.endswith("}"))
    theirs, matcher = server.found(text), ours_one(text)
    if theirs is not None:
        assert matcher is not None
        assert found_by(matcher, server) == theirs
    else:
        with pytest.raises(MatcherSyntaxError):
            classic.parse_single(text)


@given(matcher_texts())
@bounded(max_examples=200)
def test_what_we_write_alertmanager_reads_and_finds_the_same(server: Server, text: str) -> None:
    matcher = ours_one(text)
    assume(matcher is not None and re.fullmatch("[a-zA-Z_:][a-zA-Z0-9_:]*", matcher.name))
    assert matcher is not None
    assert server.found(str(matcher)) == found_by(matcher, server)


def test_a_double_equals_is_the_one_deviation(server: Server) -> None:
    assert server.found("foo==bar") == found_by(Matcher("foo", Operator.EQUAL, "=bar"), server)
    assert parse_one("foo==bar", lenient=True) == Matcher("foo", Operator.EQUAL, "bar")
    assert server.found('foo=="bar"') is None
    assert parse_one('foo=="bar"', lenient=True) == Matcher("foo", Operator.EQUAL, "bar")
    assert server.found("foo==~bar") == found_by(Matcher("foo", Operator.EQUAL, "=~bar"), server)
    assert ours_one("foo==~bar") is None


@pytest.mark.parametrize(
    ("text", "op", "value"), [("foo=bar}", "=", "bar}"), ("foo=~a{2}", "=~", "a{2}")]
)
def test_a_filter_that_ends_in_a_brace_is_taken_by_0_25_and_refused_as_in_0_27(
    server: Server, text: str, op: str, value: str
) -> None:
    assert server.found(text) == found_by(Matcher("foo", Operator(op), value), server)
    assert ours_one(text) is None


@pytest.mark.parametrize("text", ["a.b=x", '"foo"=bar', "föö=x"])
def test_names_of_0_27_are_refused_by_0_25_and_taken_by_us(server: Server, text: str) -> None:
    assert server.found(text) is None
    assert ours_one(text) is not None


@pytest.mark.parametrize(
    ("pattern", "in_silences", "in_filters"),
    [("(no)such", True, True), ("a)(b", False, True), ("a)|(b", False, True), ("a)", False, False)],
)
def test_unbalanced_brackets_are_refused_as_in_silences_of_0_25_though_its_filters_take_some(
    server: Server, pattern: str, in_silences: bool, in_filters: bool
) -> None:
    silence = {
        "matchers": [{"name": "foo", "value": pattern, "isRegex": True, "isEqual": True}],
        "startsAt": "2020-01-01T00:00:00Z",
        "endsAt": "2120-01-01T00:00:00Z",
        "createdBy": "test",
        "comment": "test",
    }
    assert server.ask("POST", "silences", silence)[0] == (200 if in_silences else 400)
    assert (server.found(f"foo=~{pattern}") is not None) is in_filters
    assert (ours_one(f"foo=~{pattern}") is not None) is in_silences


@pytest.mark.parametrize(
    "text", ["foo=bar", r"foo=~\d+", 'foo!~".+"', "foo=bar baz", "foo=a,b", 'foo="x\n"', 'foo="']
)
def test_amtool_sends_what_was_typed_and_shows_what_we_find(
    amtool_binary: Path, server: Server, text: str
) -> None:
    url = f"--alertmanager.url={server.url}"
    command: list[str | Path] = [amtool_binary, url, "alert", "query", "-o", "json"]
    shown = subprocess.run([*command, 'id!=""', text], capture_output=True, text=True)
    matcher = ours_one(text)
    if matcher is None:
        assert shown.returncode == 1
    else:
        ids = {alert["labels"]["id"] for alert in json.loads(shown.stdout)}
        assert ids == found_by(matcher, server)


class Routes:
    """Lists of matchers as amtool reads them in the routes of a configuration."""

    def __init__(self, amtool: Path, directory: Path) -> None:
        self._amtool = amtool
        self._directory = directory

    def read(self, texts: Sequence[str]) -> list[str] | None:
        """Each list as amtool understood it, or None if it refuses any."""
        names = [f"r{number}" for number in range(len(texts))]
        routes = [{"receiver": r, "matchers": [t]} for r, t in zip(names, texts, strict=True)]
        receivers = [{"name": name} for name in ("none", *names)]
        content = {"route": {"receiver": "none", "routes": routes}, "receivers": receivers}
        with NamedTemporaryFile("w", dir=self._directory) as config:
            json.dump(content, config)  # which is YAML, and spells every character in ASCII
            config.flush()
            show: list[str | Path] = [self._amtool, "config", "routes", "show"]
            shown = subprocess.run([*show, f"--config.file={config.name}"], capture_output=True)
        if shown.returncode != 0:
            return None
        found = re.findall(r"── (.*)  receiver: r\d+\n", shown.stdout.decode())
        return ["{}" if each == "default-route" else each for each in found]

    def taken(self, texts: Sequence[str]) -> list[str]:
        """Those that amtool does not refuse."""
        with ThreadPoolExecutor(4) as pool:
            readings = pool.map(lambda text: self.read([text]), texts)
            return [text for text, read in zip(texts, readings, strict=True) if read is not None]


@pytest.fixture
def routes(amtool_binary: Path, tmp_path: Path) -> Routes:
    return Routes(amtool_binary, tmp_path)


def sorted_text(matchers: Sequence[Matcher]) -> str:
    """In the order and with the commas of amtool."""
    operators = list(Operator)
    in_order = sorted(matchers, key=lambda each: (each.name, each.value, operators.index(each.op)))
    return "{" + ",".join(map(str, in_order)) + "}"


LISTS = [
    "", "{}", "{", "}", "foo=bar", "{foo=bar}", "{foo=bar", "foo=bar}", "{foo=bar}}", "foo=bar,",
    "{foo=bar , }", "foo=bar, dings!=bums", '{foo="bar",baz!~".*quux", derp="wat"}', "foo=,bar=}}",
    "foo=bar baz=qux", 'foo="a,b",bar=c', r'foo="a\",b",bar=c', r'foo="a\\",b="c"', r'foo=a\",b=c',
    r"foo=~\d+,a=b", "foo=", r'quote="She said: \"Hi, ladies! That is gender-neutral…\""',
    "tricky=~~~", r"foo= =\\=\=\"", r'contains_quote != "\"" , contains_comma !~ "foo,bar" , ',
    "foo=bar\u00a0", "foo=bar\u00a0,a=b", "foo=bar, \u00a0", "foo=bar\v,a=b\v", "foo='a,b=c'",
    'foo="a\nb"', r'foo="\x41\u0042\t"', "a=b,a=b,a!=b", "a=~a{2}", "a=~a{2},b=c",
]  # fmt: skip

REFUSED_LISTS = [
    ",", "{,}", "foo=bar,,", ",foo=bar", "{{foo=bar}", "foo", "a=b,foo", 'foo="bar', 'foo=bar"',
    'foo="a"b"', 'contains_unescaped_quote = foo"bar', r'foo="\",bar="x"', "foo=~(", r"foo=~\C",
    '{foo=~"invalid[regexp"}', 'foo="a,b', r'foo=a\",b',
]  # fmt: skip


def test_lists_are_taken_and_understood_as_in_amtool(routes: Routes) -> None:
    assert routes.read(LISTS) == [sorted_text(parse(text, lenient=True)) for text in LISTS]


def test_lists_are_refused_as_in_amtool(routes: Routes) -> None:
    assert routes.taken(REFUSED_LISTS) == []
    assert [text for text in REFUSED_LISTS if ours(text) is not None] == []


def test_an_escape_before_a_comma_in_quotes_swallows_a_quote_in_amtool_only(routes: Routes) -> None:
    text = r'foo="a\,",b="c"'
    assert routes.read([text]) is None
    assert classically(text) is None
    assert ours(text) == (Matcher("foo", Operator.EQUAL, r"a\,"), Matcher("b", Operator.EQUAL, "c"))


@given(st.lists(list_texts, min_size=20, max_size=40, unique=True))
@bounded(max_examples=8)
def test_any_lists_are_taken_and_understood_as_in_amtool(routes: Routes, texts: list[str]) -> None:
    texts = [text for text in texts if "==" not in text]
    taken = [text for text in texts if classically(text) is not None]
    refused = [text for text in texts if classically(text) is None]
    assert routes.read(taken) == [sorted_text(parse(text, lenient=True)) for text in taken]
    for text in routes.taken(refused):
        assert routes.read([text]) == [sorted_text(parse(text, lenient=True))]


@pytest.mark.parametrize("text", ["{dotted.name=x}", '"foo"=bar', " {foo=bar} ", "föö=x"])
def test_lists_of_0_27_are_refused_by_amtool_0_25_and_taken_by_us(
    routes: Routes, text: str
) -> None:
    assert routes.read([text]) is None
    assert ours(text) is not None
