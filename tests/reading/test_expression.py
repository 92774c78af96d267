"""Expressions from a configuration: what they may be, and what becomes of wrong ones."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reading.expression import MAX_BYTES, Expression, ExpressionFailed


def test_an_expression_gives_what_it_finds_or_none() -> None:
    assert Expression("a.b[?c=='x'].d | [0]").apply({"a": {"b": [{"c": "x", "d": 7}]}}) == 7
    assert Expression("a.b").apply({"a": 3}) is None
    assert Expression("sort_by(a, &n)[*].n").apply({"a": [{"n": 2}, {"n": 1}]}) == [1, 2]
    assert Expression("join(`-`, [a, b])").apply({"a": "x", "b": "y"}) == "x-y"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a JMESPath"),
        ("a..b", "not a JMESPath"),
        ("a[", "not a JMESPath"),
        ("a." * (MAX_BYTES // 2) + "bc", "longer than"),
        ("(" * 1000 + "a" + ")" * 1000, "deeply nested"),
        (" || ".join("abcdefghij" * 11), "more than 200 parts"),
        ("a[*].b[*].c[*].d[*]", "nested more than 3"),
        ("a[].b[].c[].d[]", "nested more than 3"),
        (" | ".join(["[@, @]"] * 9), "copies its input"),
        ("[@,@,@,@].{a: [@,@,@,@,@,@,@,@], b: [@,@,@,@,@,@,@,@]}", "copies its input"),
        ("shell(@)", "no such function `shell`"),
        ("join(a, b)", "must be a literal"),
        ("&a", "`&` stands only in"),
        ("not_null(&a)", "`&` stands only in"),
        ("[&a]", "`&` stands only in"),
        ('`"\\ud800"`', "surrogates"),
    ],
)
def test_an_expression_that_is_wrong_or_too_large_is_refused_saying_why(
    text: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        Expression(text)


def test_the_largest_allowed_expressions_are_allowed() -> None:
    Expression("a[*].b[*].c[*]")
    Expression(" | ".join(["[@, @]"] * 8))
    Expression(" | ".join(["abcdefgh"] * 100))


@pytest.mark.parametrize(
    "text", ["length(a)", "to_number(b) | abs(@)", "sort(c)", "sum(d)", "map(&a, b)"]
)
def test_a_value_of_the_wrong_type_fails_the_expression_and_nothing_else(text: str) -> None:
    with pytest.raises(ExpressionFailed):
        Expression(text).apply({"a": 3, "b": [], "c": [1, "x"], "d": ["x"]} | {"b": {}})


def test_data_nested_beyond_the_stack_fails_the_expression_and_nothing_else() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ExpressionFailed):
        Expression("to_string(@)").apply(deep)


@given(text=st.text(alphabet="ab.[]*?@&|()'`\"{},:=!0 ", max_size=30))
def test_any_text_compiles_or_is_a_value_error(text: str) -> None:
    try:
        expression = Expression(text)
    except ValueError:
        return
    with suppress(ExpressionFailed):
        expression.apply({"a": [{"b": 0}], "b": "a"})
