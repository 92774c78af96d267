"""The retry schedule: it only grows, ends, and never comes back sooner than the receiver asked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outbox.retry import LONGEST_WISH, SPREAD, WAITS, next_attempt

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ATTEMPTS = st.integers(min_value=1, max_value=len(WAITS))
WISHES = st.floats(min_value=0, allow_infinity=True, allow_nan=False)
JITTERS = st.floats(min_value=0, max_value=1, exclude_max=True)


def test_the_schedule_is_the_documented_one() -> None:
    waits = [next_attempt(attempts, NOW, 0.0, 0.0) for attempts in range(1, 12)]
    assert [str(at - NOW) for at in waits if at] == [
        "0:00:05",
        "0:00:30",
        "0:02:00",
        "0:10:00",
        "0:30:00",
        "2:00:00",
        "5:00:00",
        "10:00:00",
        "14:00:00",
        "20:00:00",
        "1 day, 0:00:00",
    ]


def test_after_the_last_wait_there_is_no_other_try() -> None:
    assert next_attempt(len(WAITS), NOW, 0.0, 0.0) is not None
    assert next_attempt(len(WAITS) + 1, NOW, 0.0, 0.0) is None
    assert next_attempt(len(WAITS) + 1, NOW, 3600.0, 0.5) is None


def test_a_wait_follows_at_least_one_try() -> None:
    with pytest.raises(ValueError, match="begin at 1"):
        next_attempt(0, NOW, 0.0, 0.0)


@given(ATTEMPTS, WISHES, JITTERS)
def test_a_try_comes_no_sooner_than_scheduled_or_asked_and_within_a_bound(
    attempts: int, wish: float, jitter: float
) -> None:
    at = next_attempt(attempts, NOW, wish, jitter)
    assert at is not None
    asked = min(timedelta(seconds=min(wish, 1e9)), LONGEST_WISH)
    least = max(WAITS[attempts - 1], asked)
    rounding = timedelta(microseconds=1)
    assert NOW + least - rounding <= at <= NOW + least * (1 + SPREAD) + rounding


@given(ATTEMPTS.filter(lambda attempts: attempts < len(WAITS)), JITTERS, JITTERS)
def test_each_wait_is_longer_than_the_one_before_whatever_the_jitter(
    attempts: int, jitter: float, other_jitter: float
) -> None:
    before = next_attempt(attempts, NOW, 0.0, jitter)
    after = next_attempt(attempts + 1, NOW, 0.0, other_jitter)
    assert before is not None
    assert after is not None
    if attempts < len(WAITS) - 1:  # 20 h and 24 h lie close: there jitter may make them equal
        assert before < after
    else:
        assert before <= after


def test_messages_that_failed_together_come_back_apart() -> None:
    assert next_attempt(6, NOW, 0.0, 0.0) != next_attempt(6, NOW, 0.0, 0.5)
