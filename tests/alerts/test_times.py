"""Times as senders write them, and what is believed of them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.times import (
    MAX_AGE,
    MAX_AHEAD,
    MAX_LEASE,
    bounds_at,
    end_within,
    lease_within,
    read_epoch,
    read_time,
    start_within,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BOUNDS = bounds_at(NOON)
LAST = datetime.max.replace(tzinfo=UTC)
FIRST = datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T12:00:00Z",
        "2026-01-01T12:00:00.0Z",
        "2026-01-01T12:00:00.000000000Z",
        "2026-01-01T20:00:00+08:00",
        "2026-01-01T04:30:00.000-07:30",
        "2026-01-01T20:00:00+0800",
        "2026-01-01T12:00:00",
        "2026-01-01 12:00:00",
        "2026-01-01 12:00:00Z",
        "2026-01-01T12:00Z",
        "2026-01-01T12:00",
        "2026-01-01t12:00:00z",
        " 2026-01-01T12:00:00Z ",
        "2026-01-01T12:00:00+00:00",
    ],
)
def test_the_ways_to_write_one_instant_are_that_instant_in_utc(text: str) -> None:
    moment = read_time(text)
    assert moment == NOON
    assert moment is not None
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("fraction", "microseconds"),
    [("1", 100_000), ("123456", 123_456), ("1234569", 123_456), ("999999999999", 999_999)],
)
def test_more_than_microseconds_are_cut_off_and_not_rounded(
    fraction: str, microseconds: int
) -> None:
    assert read_time(f"2026-01-01T12:00:00.{fraction}Z") == NOON.replace(microsecond=microseconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00.000Z",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+08:00",
        "0001-01-01T07:52:58+07:52:58",
    ],
)
def test_nothing_and_year_one_mean_not_given(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-01-01",
        "20260101",
        "1767268800",
        "1767268800000",
        "1712125600000",
        "2026-13-01T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "12:00:00",
        "\0",
        "2026-01-01T12:00:00Z\0",
        "2026-01-01T12:00:00\0Z",
        "2026-01-01\x0012:00:00Z",
        "２０２６-01-01T12:00:00",
    ],
)
def test_what_names_no_instant_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        read_time(text)


def test_an_instant_beyond_the_calendar_is_its_end() -> None:
    assert read_time("9999-12-31T23:59:59-08:00") == LAST


@given(
    moment=st.datetimes(timezones=st.just(UTC)).filter(lambda m: 2 < m.year < 9999),
    offset=st.integers(-23 * 60, 23 * 60),
)
def test_reading_undoes_writing_in_any_zone(moment: datetime, offset: int) -> None:
    zone = timezone(timedelta(minutes=offset))
    assert read_time(moment.astimezone(zone).isoformat()) == moment


@given(text=st.text(max_size=40))
def test_any_text_is_a_utc_time_nothing_or_a_value_error(text: str) -> None:
    try:
        moment = read_time(text)
    except ValueError:
        return
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("number", "per_second", "moment"),
    [
        ("1767268800", 1, NOON),
        ("1767268800.9999999", 1, NOON.replace(microsecond=999_999)),
        ("1767268800123", 1000, NOON.replace(microsecond=123_000)),
        ("1.7672688e9", 1, NOON),
        ("0", 1, None),
        ("0.0", 1000, None),
        ("1e9999", 1, LAST),
        ("-1e9999", 1, FIRST),
        ("1e999999999999999", 1, LAST),
        ("1e-999999999999999", 1, datetime(1970, 1, 1, tzinfo=UTC)),
        ("1000000000000", 1, LAST),
        ("253402300799", 1, LAST.replace(microsecond=0)),
        ("253402300799.5", 1, LAST.replace(microsecond=500_000)),
        ("253402300800", 1, LAST),
        ("-99999999999", 1, FIRST),
        ("9" * 5000, 1000, LAST),
    ],
)
def test_a_count_since_1970_is_an_instant_and_zero_is_none(
    number: str, per_second: int, moment: datetime | None
) -> None:
    assert read_epoch(number, per_second) == moment


@pytest.mark.parametrize(
    "number", ["", "soon", "nan", "inf", "-Infinity", "0x10", "sNaN", "1e" + "9" * 30]
)
def test_what_is_no_number_is_an_error(number: str) -> None:
    with pytest.raises(ValueError, match="number"):
        read_epoch(number)


moments = st.none() | st.datetimes(timezones=st.just(UTC))


@given(starts_at=moments, ends_at=moments)
def test_what_is_believed_lies_near_the_receipt_and_ends_after_it_starts(
    starts_at: datetime | None, ends_at: datetime | None
) -> None:
    start = start_within(BOUNDS, starts_at)
    end = end_within(BOUNDS, ends_at, start)
    lease = lease_within(BOUNDS, ends_at)
    assert (start is None) == (starts_at is None)
    assert start is None or NOON - MAX_AGE <= start <= NOON + MAX_AHEAD
    assert end is None or (start or NOON - MAX_AGE) <= end <= NOON
    assert lease is None or NOON < lease <= NOON + MAX_LEASE


@given(seconds=st.integers(0, int(MAX_AGE.total_seconds())))
def test_plausible_times_are_believed_as_they_are(seconds: int) -> None:
    moment = NOON - timedelta(seconds=seconds)
    assert start_within(BOUNDS, moment) == moment
    assert end_within(BOUNDS, moment, None) == moment
    assert lease_within(BOUNDS, moment) is None
    ahead = NOON + timedelta(seconds=seconds % 604_800 + 1)
    assert lease_within(BOUNDS, ahead) == ahead
    assert end_within(BOUNDS, ahead, None) is None
