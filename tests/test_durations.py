"""Durations, as people write them in the configuration."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.durations import MAX_DURATION, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", timedelta(minutes=30)),
        ("72h", timedelta(hours=72)),
        ("90d", timedelta(days=90)),
        ("2w", timedelta(days=14)),
        ("1h30m", timedelta(minutes=90)),
        ("1d2h3m4s5ms", timedelta(1, 4, 0, 5, 3, 2)),
        ("0s", timedelta()),
    ],
)
def test_a_duration_is_numbers_with_units(text, span):
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "30", "m", "30 m", "-30m", "+3m", "1.5h", "30M", "30m1h", "1h1h", "1y", "３m", "30m\n"],
)
def test_what_is_no_duration_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="1h30m"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["500000w", "9999999d", "999999999w", "3654d", "3653d1ms"])
def test_no_duration_is_longer_than_ten_years(text):
    with pytest.raises(ValueError, match="at most 3653d"):
        parse_duration(text)
    assert parse_duration("3653d") == MAX_DURATION


@given(st.integers(min_value=0, max_value=MAX_DURATION // timedelta(milliseconds=1)))
def test_what_is_written_is_read_back(milliseconds):
    span = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(span)) == span


@pytest.mark.parametrize("span", [timedelta(microseconds=1), timedelta(seconds=-1)])
def test_what_cannot_be_read_back_is_not_written(span):
    with pytest.raises(ValueError, match="whole milliseconds"):
        format_duration(span)
