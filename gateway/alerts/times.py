"""Times as senders write them: read tolerantly, then held within what the clock makes plausible.

All results are aware UTC with microseconds; finer digits are cut off, never rounded, so that one
instant stays one instant whoever passed it on.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

import msgspec

from gateway.moments import BEGINNING, EPOCH, FOREVER

MAX_AGE = timedelta(days=365)
MAX_AHEAD = timedelta(minutes=10)
MAX_LEASE = timedelta(days=7)

ZERO_TIME = "0001-01-01T00:00:00Z"
"""How programs written in Go spell "no time"."""

_WITHOUT_ZONE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
_MAX_COUNT = Decimal(10**15)
_fromisoformat = datetime.fromisoformat


class TimeBounds(msgspec.Struct, frozen=True, gc=False):
    """What is plausible in a request received at *received_at*."""

    received_at: datetime
    earliest: datetime
    latest: datetime
    lease_end: datetime


UNBOUNDED = TimeBounds(FOREVER, BEGINNING, FOREVER, FOREVER)
"""Lets every time pass: for examples in a configuration, which grow old."""


def bounds_at(received_at: datetime) -> TimeBounds:
    """The bounds of one request; made once for all its alerts."""
    return TimeBounds(
        received_at, received_at - MAX_AGE, received_at + MAX_AHEAD, received_at + MAX_LEASE
    )


def read_time(text: str) -> datetime | None:
    """RFC 3339 and its relatives: no zone means UTC, a blank for the `T`, no seconds.

    Empty and year 1 mean "not given": None. Raises ValueError for what names no instant.
    """
    if text == ZERO_TIME or not text:
        return None
    if "\0" in text:  # for `fromisoformat` that is its end
        raise ValueError("U+0000 in a time")
    try:
        moment = _fromisoformat(text)
    except ValueError:
        moment = _fromisoformat(text.strip().upper())
    if moment.tzinfo is UTC and moment.year > 1:
        return moment
    return _in_utc(moment, text)


def _in_utc(moment: datetime, text: str) -> datetime | None:
    if moment.tzinfo is None:
        if not _WITHOUT_ZONE.match(text.strip().upper()):  # a day, or a number read as a date
            raise ValueError("not a time of day")
        moment = moment.replace(tzinfo=UTC)
    if moment.year == 1:
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return FOREVER


def read_epoch(number: str, per_second: int = 1) -> datetime | None:
    """A count since 1970 in units of 1/*per_second* s, written as a decimal number; 0 is None.

    Far beyond the calendar means its end. Raises ValueError for what is no number.
    """
    try:
        count = Decimal(number)
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    if not count.is_finite():
        raise ValueError("not a finite number")
    if not count:
        return None
    count = max(-_MAX_COUNT, min(count, _MAX_COUNT))  # before any arithmetic on its digits
    try:
        return EPOCH + timedelta(microseconds=int(count / per_second * 1_000_000))
    except OverflowError:
        return FOREVER if count > 0 else BEGINNING


def start_within(bounds: TimeBounds, starts_at: datetime | None) -> datetime | None:
    """Neither older than a year nor further ahead than clocks differ."""
    if starts_at is None or bounds.earliest <= starts_at <= bounds.latest:
        return starts_at
    return bounds.earliest if starts_at < bounds.earliest else bounds.latest


def end_within(
    bounds: TimeBounds, ends_at: datetime | None, starts_at: datetime | None
) -> datetime | None:
    """The end of a resolved alert, not before its (bounded) start.

    None if none is named, or one that cannot be: in the future. It ends with its receipt then.
    """
    if ends_at is None:
        return None
    ends_at = max(bounds.earliest, ends_at, starts_at or bounds.earliest)
    return None if ends_at > bounds.received_at else ends_at


def lease_within(bounds: TimeBounds, ends_at: datetime | None) -> datetime | None:
    """A firing alert's end is a lease if it lies ahead, and no lease if it lies behind."""
    if ends_at is None or ends_at <= bounds.received_at:
        return None
    return min(ends_at, bounds.lease_end)
