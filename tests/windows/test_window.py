"""A window opens with a firing, and ends its length after the last alert in it ceased to fire."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.rule import AutoResolve
from gateway.windows.window import Window
from tests.alerts.identities import at
from tests.windows.sums import minutes

LENGTH = 30
MOMENT = timedelta(microseconds=1)


def closed() -> Window:
    return Window(b"key", "default", timedelta(minutes=LENGTH), AutoResolve.ALWAYS)


def ended(minute: float) -> Window:
    """Opened at noon, and its last alert ceased at *minute*."""
    window = closed()
    window.count_firing(1, at(0))
    window.open(at(0))
    window.count_firing(-1, at(minute))
    return window


def test_a_window_is_closed_until_something_opens_it() -> None:
    window = closed()
    window.count_firing(1, at(0))  # a silenced alert
    window.count_firing(-1, at(1))
    assert not window.is_open(at(0))
    assert (window.opened_at, window.ends_at) == (None, None)


def test_an_open_window_has_no_end_while_an_alert_fires() -> None:
    window = closed()
    window.count_firing(1, at(0))
    window.open(at(0))
    assert window.is_open(at(1_000_000))


def test_a_window_ends_its_length_after_the_last_alert_in_it_ceased() -> None:
    window = ended(10)
    assert window.is_open(at(10 + LENGTH) - MOMENT)
    assert not window.is_open(at(10 + LENGTH))


def test_the_last_of_several_alerts_ends_the_window() -> None:
    window = closed()
    for _ in range(2):
        window.count_firing(1, at(0))
        window.open(at(0))
    window.count_firing(-1, at(5))
    assert window.ends_at is None
    window.count_firing(-1, at(8))
    assert minutes(window.ends_at) == 8 + LENGTH


def test_an_alert_that_fires_silenced_within_the_window_keeps_it_open() -> None:
    window = ended(10)
    window.count_firing(1, at(20))
    assert window.is_open(at(100))
    window.count_firing(-1, at(100))
    assert minutes(window.ends_at) == 100 + LENGTH


def test_an_alert_that_fires_silenced_after_the_window_does_not_open_it() -> None:
    window = ended(10)
    window.count_firing(1, at(50))
    assert not window.is_open(at(50))


def test_reopening_within_the_window_keeps_its_beginning() -> None:
    window = ended(10)
    window.open(at(39))
    assert minutes(window.opened_at) == 0


def test_opening_after_the_end_begins_anew() -> None:
    window = ended(10)
    window.open(at(10 + LENGTH))
    assert minutes(window.opened_at) == 10 + LENGTH
    assert window.ends_at is None


@given(st.lists(st.sampled_from([1, -1]), max_size=20))
def test_the_count_of_firing_alerts_is_never_negative(changes: list[int]) -> None:
    window = closed()
    for minute, change in enumerate(changes):
        window.count_firing(change, at(minute))
        assert window.firing >= 0
