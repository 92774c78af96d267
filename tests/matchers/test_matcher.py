"""The laws of one matcher: what it matches, what it refuses, how it is written."""

import copy
import doctest
import pickle
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given

import matchers
from matchers import MAX_PATTERN_BYTES, Matcher, MatcherSyntaxError, Operator, parse, render
from matchers.regex import literals_of
from tests.matchers.strategies import label_sets, matchers_of, patterns, plainly_matches, values


def regex(pattern: str) -> Matcher:
    return Matcher("l", Operator.MATCHES, pattern)


@pytest.mark.parametrize("labels", [{}, {"l": ""}, {"other": "x"}])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('l=""', True),
        ('l="x"', False),
        ('l!=""', False),
        ('l!="x"', True),
        ('l=~".*"', True),
        ('l=~".+"', False),
        ('l=~"|x"', True),
        ('l!~"x"', True),
        ('l!~".*"', False),
    ],
)
def test_a_missing_label_is_an_empty_one(text: str, expected: bool, labels: dict[str, str]) -> None:
    [matcher] = parse(text)
    assert matcher.matches(labels) is expected


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("fo", "foo", False),
        ("oo", "foo", False),
        ("foo|bar", "bar", True),
        ("foo|bar", "foobar", False),
        ("foo|bar.*", "foox", False),
        ("Foo", "foo", False),
        ("(?i)Foo", "foO", True),
        ("a.b", "a\nb", False),
        ("(?s)a.b", "a\nb", True),
        ("^foo$", "foo", True),
        ("é", "e\u0301", False),
        (" x ", "x", False),
        (r"a\|b", "a|b", True),
        (r"a\|b", "a", False),
        (r"10\.0\.0\.1|10\.0\.0\.2", "10.0.0.2", True),
        (r"10\.0\.0\.1|10\.0\.0\.2", "10x0.0.2", False),
    ],
)
def test_a_pattern_must_match_the_whole_value(pattern: str, value: str, expected: bool) -> None:
    assert regex(pattern).matches({"l": value}) is expected


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("a$", "a\n", False),
        ("a", "a\n", False),
        (r"\d", "٣", False),
        (r"\w", "é", False),
        (r"\s", "\x0b", False),
        (r"\s", "\xa0", False),
        (r"\s", "\x85", False),
        ("[[:alpha:]]+", "abc", True),
        ("a{,3}", "a{,3}", True),
        ("a{,3}", "aa", False),
        ("a(?i)b", "aB", True),
        ("(?-s).", "\n", False),
        ("(?m)a$", "a", True),
        ("(?U)a+", "aa", True),
        (r"\pL+", "éa", True),
        (r"\p{Greek}+", "αβ", True),
        (r"\p{Han}+", "漢", True),
        (r"\Qa.b\E", "a.b", True),
        (r"\Qa.b\E", "axb", False),
        (r"\Q\C\E", r"\C", True),
        (r"\\C", r"\C", True),
        (r"a\z", "a", True),
        (r"\x{41}", "A", True),
        (r"\bfoo\b", "foo", True),
    ],
)
def test_patterns_mean_what_re2_says_and_not_what_python_says(
    pattern: str, value: str, expected: bool
) -> None:
    assert regex(pattern).matches({"l": value}) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "(", "[", "a**", "*", "(?!x)y", "(?<=x)y", r"(a)\1", "(?P=n)", "(?(1)a|b)", "a++", "a*+",
        "(?>a)b", r"a\Z", "(?#c)a", r"\u0041", r"\U00000041", r"\é", "a{1001}", "(a{100}){100}",
        "[[:foo:]]", "[b-a]", "\\", r"\C", r"a\C", r"\\\C", r"[\C]", r"\Qa",
        "a)(b", "a)|(b", "a)",
    ],
)  # fmt: skip
def test_a_pattern_that_alertmanager_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(MatcherSyntaxError, match="bad regular expression"):
        regex(pattern)


@pytest.mark.parametrize(
    ("pattern", "words"), [("a{1001}", "invalid repetition size: {1001}"), ("é(", "missing ): é(")]
)
def test_a_bad_pattern_prints_nothing_and_says_what_is_wrong(
    capfd: pytest.CaptureFixture[str], pattern: str, words: str
) -> None:
    with pytest.raises(MatcherSyntaxError) as caught:
        regex(pattern)
    assert caught.value.reason == f"bad regular expression: {words}"
    assert capfd.readouterr() == ("", "")


def test_the_length_of_a_pattern_is_bounded_in_bytes() -> None:
    assert regex("é" * (MAX_PATTERN_BYTES // 2)).matches({"l": "é" * (MAX_PATTERN_BYTES // 2)})
    with pytest.raises(MatcherSyntaxError, match="longer than 4096 bytes"):
        regex("é" * (MAX_PATTERN_BYTES // 2) + "a")
    assert Matcher("l", Operator.EQUAL, "a" * 10_000).matches({"l": "a" * 10_000})


def test_a_pattern_that_stalls_backtracking_engines_answers_at_once() -> None:
    assert not regex("(a+)+$").matches({"l": "a" * 100_000 + "!"})


@pytest.mark.parametrize(("name", "value"), [("", "x"), ("\ud800", "x"), ("a", "\udfff")])
@pytest.mark.parametrize("op", Operator)
def test_an_empty_name_or_broken_unicode_makes_no_matcher(
    name: str, op: Operator, value: str
) -> None:
    with pytest.raises(MatcherSyntaxError) as caught:
        Matcher(name, op, value)
    assert caught.value.position == 0
    assert isinstance(caught.value, ValueError)


def test_an_unknown_operator_makes_no_matcher() -> None:
    with pytest.raises(ValueError, match="'~='"):
        Matcher("a", "~=", "b")  # type: ignore[arg-type]


@pytest.mark.parametrize("pattern", ["x.", "x|y", r"\pL"])
def test_broken_unicode_in_a_label_never_raises(pattern: str) -> None:
    assert regex(pattern).matches({"l": "x\ud800"}) is (pattern == "x.")


@given(matchers_of(), label_sets)
def test_matching_means_what_the_definition_says(matcher: Matcher, labels: dict[str, str]) -> None:
    labels.setdefault(matcher.name, "x")
    for known in (labels, {}, {matcher.name: matcher.value}):
        assert matcher.matches(known) is plainly_matches(matcher, known)


@given(patterns, values)
def test_what_can_be_listed_is_what_matches(pattern: str, value: str) -> None:
    literals = literals_of(pattern)
    for candidate in (value, *(literals or ())):
        plain = plainly_matches(regex(pattern), {"l": candidate})
        assert literals is None or plain is (candidate in literals)


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        ("", {""}),
        ("a|b|a", {"a", "b"}),
        (r"a\.b\|c|d-e_f", {"a.b|c", "d-e_f"}),
        ("a||b", {"a", "", "b"}),
        ("a.b", None),
        (r"a|\d", None),
        (r"\_", None),
        ("a|(b)", None),
        ("a?", None),
        ("a\\", None),
        ("^a", None),
        ("a{1}", None),
        ("[a]", None),
    ],
)
def test_only_plain_alternatives_can_be_listed(pattern: str, literals: set[str] | None) -> None:
    assert literals_of(pattern) == literals


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ('a="x"', True),
        ('a=""', False),
        ('a!="x"', False),
        ('a!=""', False),
        ('a=~"x"', True),
        ('a=~".+"', True),
        ('a=~"x.*"', True),
        ('a=~".*"', False),
        ('a=~"x|"', False),
        ('a=~"x?"', False),
        ('a=~""', False),
        ('a!~"x"', False),
        ('a!~".*"', False),
    ],
)
def test_a_positive_matcher_demands_that_its_label_is_there(text: str, positive: bool) -> None:
    [matcher] = parse(text)
    assert matcher.positive is positive


@pytest.mark.parametrize(
    ("matcher", "text"),
    [
        (Matcher("a", Operator.EQUAL, "b"), 'a="b"'),
        (Matcher("_:a9", Operator.NOT_EQUAL, ""), '_:a9!=""'),
        (Matcher("a", Operator.MATCHES, r"\d+"), r'a=~"\\d+"'),
        (Matcher("a", Operator.NOT_MATCHES, 'x"y'), r'a!~"x\"y"'),
        (Matcher("a", Operator.EQUAL, "x\ny\tz"), 'a="x\\ny\tz"'),
        (Matcher("dotted.name", Operator.EQUAL, "é"), '"dotted.name"="é"'),
        (Matcher("9a", Operator.EQUAL, "x"), '"9a"="x"'),
        (Matcher('q"\\\n', Operator.EQUAL, "x"), r'"q\"\\\n"="x"'),
    ],
)
def test_the_canonical_spelling_escapes_as_alertmanager_does(matcher: Matcher, text: str) -> None:
    assert str(matcher) == text
    assert parse(text) == (matcher,)


def test_a_list_is_written_in_braces() -> None:
    assert render(parse('a=b, "c d"!~"e|f"')) == '{a="b", "c d"!~"e|f"}'
    assert render([]) == "{}"


def test_matchers_are_values() -> None:
    matcher = regex("x.*")
    assert matcher == regex("x.*")
    assert len({matcher, regex("x.*"), regex("x.+"), Matcher("l", Operator.EQUAL, "x.*")}) == 3
    assert repr(matcher) == "Matcher(name='l', op=<Operator.MATCHES: '=~'>, value='x.*')"
    with pytest.raises(FrozenInstanceError):
        matcher.value = "y"  # type: ignore[misc]


def test_a_matcher_survives_pickling_and_copying() -> None:
    matcher = regex("x.*")
    for twin in (pickle.loads(pickle.dumps(matcher)), copy.deepcopy(matcher)):
        assert twin == matcher
        assert twin.matches({"l": "xy"})


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(matchers) == doctest.TestResults(failed=0, attempted=3)


def test_an_error_survives_pickling_and_names_its_place() -> None:
    error = pickle.loads(pickle.dumps(MatcherSyntaxError("wrong", 7)))
    assert (error.reason, error.position, str(error)) == ("wrong", 7, "wrong (at position 7)")
