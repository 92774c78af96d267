"""The laws of the index: it finds what trying every list finds, in order, without trying them."""

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchers import Matcher, MatcherIndex, MatcherSyntaxError, Operator, parse
from matchers.pattern_table import PatternTable, compile_set
from matchers.required import required_texts
from tests.matchers.strategies import label_sets, matcher_lists, patterns, plainly_found, values


class CountedLabels(Mapping[str, str]):
    """A label set that counts how often it is asked."""

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.asked = 0

    def __getitem__(self, name: str) -> str:
        self.asked += 1
        return self.labels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)


def test_an_empty_index_finds_nothing() -> None:
    index: MatcherIndex[str] = MatcherIndex({})
    assert index.match({"a": "b"}) == []
    assert len(index) == 0


def test_an_empty_list_matches_everything() -> None:
    index = MatcherIndex({"all": (), "some": parse("a=b")})
    assert index.match({}) == ["all"]
    assert index.match({"a": "b"}) == ["all", "some"]
    assert len(index) == 2


@given(st.lists(matcher_lists, max_size=25), st.lists(label_sets, min_size=1, max_size=5))
def test_it_finds_what_trying_every_list_finds(
    lists: list[tuple[Matcher, ...]], label_sets: list[dict[str, str]]
) -> None:
    known = dict(enumerate(lists))
    index = MatcherIndex(known)
    for labels in label_sets:
        assert index.match(labels) == plainly_found(known, labels)


@given(
    st.lists(matcher_lists.filter(bool), min_size=2, max_size=4),
    st.integers(min_value=3, max_value=9),
    st.lists(label_sets, min_size=1, max_size=5),
)
@settings(max_examples=50)
def test_lists_that_share_their_matchers_are_told_apart(
    lists: list[tuple[Matcher, ...]], times: int, label_sets: list[dict[str, str]]
) -> None:
    combined = [one + other for one in lists for other in lists] * times
    known = dict(enumerate(combined))
    index = MatcherIndex(known)
    for labels in label_sets:
        assert index.match(labels) == plainly_found(known, labels)


def test_keys_come_in_the_order_in_which_they_were_given() -> None:
    texts = ("x!=y", "a=b", "a=~b.*", "a=~.+", "a=b", 'a=~"b|c"', "q=", "a=b,x!=1", "a=~b.*")
    known = {f"{9 - place}": parse(text, lenient=True) for place, text in enumerate(texts)}
    assert MatcherIndex(known).match({"a": "b"}) == list(known)


@pytest.mark.parametrize("absent", [{}, {"a": ""}])
def test_what_matches_an_absent_label_is_found_without_it(absent: dict[str, str]) -> None:
    texts = ('a=""', 'a=~""', 'a=~"x|"', 'a=~".*"', 'a!="x"', 'a!~"x"', 'a!=""', 'a="x"', 'a=~".+"')
    known = {text: parse(text) for text in texts * 2}
    assert MatcherIndex(known).match(absent) == list(texts[:6])


def test_a_list_with_alternatives_is_found_once_by_each() -> None:
    alternatives = "|".join(f"v{number}" for number in range(30))
    many = "|".join(f"v{number}" for number in range(300))
    known = {
        **{f"a{n}": parse(f'a=~"{alternatives}", a=~"v1|v2|{n}", b=~"x|y"') for n in range(9)},
        **{f"m{n}": parse(f'a=~"{many}"') for n in range(9)},
    }
    index = MatcherIndex(known)
    assert index.match({"a": "v2", "b": "y"}) == list(known)
    assert index.match({"a": "v2"}) == [f"m{n}" for n in range(9)]
    assert index.match({"a": "v299", "b": "y"}) == [f"m{n}" for n in range(9)]


def test_lists_of_any_length_are_filed() -> None:
    long = tuple(Matcher("a", Operator.EQUAL, "x") for _ in range(2_000))
    index = MatcherIndex(dict.fromkeys(range(20), long))
    assert index.match({"a": "x"}) == list(range(20))
    assert index.match({"a": "y"}) == []


def test_ten_thousand_lists_are_not_tried() -> None:
    known = {}
    for number in range(10_000):
        known[number] = parse(
            f'instance="node-{number}", severity="critical"'
            if number % 10 < 7
            else f'severity="critical", instance=~"node-{number}(:.*)?", job!="x"'
        )
    index = MatcherIndex(known)
    for labels, expected in (
        ({"severity": "critical", "instance": "node-1230"}, [1230]),
        ({"severity": "critical", "instance": "node-1239:9100"}, [1239]),
        ({"severity": "critical", "instance": "node-1239", "job": "x"}, []),
        ({"severity": "critical", "instance": "elsewhere"}, []),
        ({"severity": "warning", "instance": "node-1230"}, []),
    ):
        counted = CountedLabels(labels)
        assert index.match(counted) == expected
        assert counted.asked < 20


PATTERNS = [
    *(f".*w{number}.*" for number in range(150)),
    *(f"db-{number}[0-9]*" for number in range(1_100)),
    *(f"w{number}.*-eu|x{number}" for number in range(20)),
    r"\pL{60}",
    ".{300}",
    "(?i)W7",
    "(?P<n>w)(?P<m>7)",
    "w7$|^w8",
    "",
]


def test_sets_of_every_kind_and_size_find_what_each_pattern_finds() -> None:
    matchers = [Matcher("l", Operator.MATCHES, pattern) for pattern in PATTERNS]
    table = PatternTable([(matcher, matcher.value) for matcher in matchers])
    for value in (
        "w7",
        "W7",
        "w149",
        "db-1099",
        "db-12",
        "w3-x-eu",
        "x19",
        "é" * 60,
        "v" * 300,
        "",
        "w7\n",
    ):
        expected = [each.value for each in matchers if each.matches({"l": value})]
        assert sorted(table.find(value)) == sorted(expected)


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("node-0042.*", ["node-0042"]),
        (r"node-0042\.eu\..+", ["node-0042.eu."]),
        (".*-0001[0-4].*", ["-0001"]),
        ("app-7-.*-000049", ["app-7-", "-000049"]),
        ("ab+cd?e", ["ab", "c", "e"]),
        ("(?:long enough)?abc", ["abc"]),
        (r"a\d+bcd", ["a", "bcd"]),
        (r"\x41BC", []),
        (r"\pLatin", []),
        ("abc{2}d", ["ab", "d"]),
        ("abc{d", ["abc", "d"]),
        ("abc|abcd", []),
        ("(?i)abc", []),
        (r"\Qa|b\E", []),
        ("[a|]bcd", ["bcd"]),
        ("(a|b)cd", ["cd"]),
        (r"\(ab|cd", []),
        ("", []),
    ],
)
def test_the_texts_that_a_pattern_needs(pattern: str, texts: list[str]) -> None:
    assert required_texts(pattern) == texts


@settings(max_examples=2_000)
@given(patterns, values)
def test_what_a_pattern_matches_holds_the_texts_that_it_needs(pattern: str, value: str) -> None:
    if Matcher("l", Operator.MATCHES, pattern).matches({"l": value}):
        assert all(text in value for text in required_texts(pattern))


LONG = ("db-12", "db-2.eu", "xyxyxy", "漢漢", "node-7", "-", "x")


@given(
    st.lists(patterns | st.lists(st.sampled_from((*LONG, ".*", "|"))).map("".join), max_size=12),
    st.lists(st.lists(st.sampled_from(LONG)).map("".join) | values, max_size=6),
)
def test_a_table_finds_by_pieces_of_text_what_each_pattern_finds(
    texts: list[str], some: list[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matchers.pattern_table.FEW", 0)
        rows = [(Matcher("l", Operator.MATCHES, text), n) for n, text in enumerate(texts)]
        table = PatternTable(rows)
        for value in [*some, "".join(some)]:
            expected = [n for matcher, n in rows if matcher.matches({"l": value})]
            assert sorted(table.find(value)) == expected


def test_patterns_that_one_set_cannot_hold_are_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = [f".*word{number}.*" for number in range(50)]
    assert compile_set(patterns, memory_bytes=10_000) is None
    monkeypatch.setattr("matchers.pattern_table.SET_MEMORY_BYTES", 10_000)
    table = PatternTable([(Matcher("l", Operator.MATCHES, each), each) for each in patterns])
    assert table.find("a word7 b") == [".*word7.*"]


def test_a_set_short_of_memory_forgets_states_and_finds_all_the_same() -> None:
    patterns = [f".*{left}.*{right}.*{left}.*" for left in "abcdef" for right in "abcdef"]
    ample, scant = compile_set(patterns), None
    memory_bytes = 1_000
    while scant is None:
        memory_bytes += 1_000
        scant = compile_set(patterns, memory_bytes=memory_bytes)
    assert ample is not None
    for number in range(3_000):
        value = "".join("abcdefgh"[int(digit)] for digit in f"{number * 7919 % 8**7:o}").encode()
        assert sorted(scant(value) or ()) == sorted(ample(value) or ())


def test_broken_unicode_in_a_label_never_raises() -> None:
    known = {number: parse(f'a=~"x{number}.*"') for number in range(10)}
    assert MatcherIndex(known).match({"a": "x3\ud800", "\udfff": "y"}) == [3]


def test_a_bad_pattern_never_reaches_an_index() -> None:
    with pytest.raises(MatcherSyntaxError):
        MatcherIndex({1: (Matcher("a", Operator.MATCHES, "("),)})
