"""A silence holds from its start up to, and not at, its end; what it holds must be asked for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.silences.silence import MAX_MATCHERS, SilenceState, checked_matchers
from tests.alerts.identities import at
from tests.silences.silences import silence

MOMENT = timedelta(microseconds=1)
MINUTES = st.integers(min_value=-5, max_value=5)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (at(0) - MOMENT, SilenceState.PENDING),
        (at(0), SilenceState.ACTIVE),
        (at(60) - MOMENT, SilenceState.ACTIVE),
        (at(60), SilenceState.EXPIRED),
    ],
)
def test_a_silence_holds_from_its_start_to_just_before_its_end(
    now: object, state: SilenceState
) -> None:
    one = silence(1, 'a="b"', 0, 60)
    assert one.state(now) is state
    assert one.covers(now) is (state is SilenceState.ACTIVE)


@given(MINUTES, MINUTES, MINUTES)
def test_it_covers_a_moment_exactly_when_it_is_active_then(
    starts: int, ends: int, now: int
) -> None:
    one = silence(1, 'a="b"', starts, ends)
    assert one.covers(at(now)) is (one.state(at(now)) is SilenceState.ACTIVE)


def test_a_silence_that_ends_as_it_starts_never_holds() -> None:
    one = silence(1, 'a="b"', 10, 10)
    assert one.state(at(10)) is SilenceState.EXPIRED


@pytest.mark.parametrize(
    "text", ['a="b"', '{a="b",c!="d"}', 'a=~"b.+"', 'a=~"b|c",c!~"x"', '"grün"="b"']
)
def test_matchers_that_demand_something_are_taken(text: str) -> None:
    assert checked_matchers(text)


@pytest.mark.parametrize(
    "text",
    ["", "{}", 'a!="b"', 'a!~"b"', 'a=""', 'a=~""', 'a=~".*"', 'a=~"b|"', 'a=~"b?",c!="d"'],
)
def test_matchers_that_also_take_what_lacks_every_label_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_matchers(text)
    assert refused.value.code == "bad_matchers"
    assert [error.pointer for error in refused.value.errors] == ["/matchers"]


@pytest.mark.parametrize("text", ['a=~"("', "a=", '{a="b"', 'a=~"b{5000}"', 'a=~"(?=b)"'])
def test_bad_syntax_and_bad_patterns_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(Refused, match="matchers") as refused:
        checked_matchers(text)
    assert refused.value.code == "bad_matchers"
    assert "at character" in refused.value.errors[0].detail


def test_matchers_are_bounded_in_number() -> None:
    most = ",".join(f'l{number}="x"' for number in range(MAX_MATCHERS))
    assert len(checked_matchers(most)) == MAX_MATCHERS
    with pytest.raises(Refused, match="at most"):
        checked_matchers(most + ',one_more="x"')
