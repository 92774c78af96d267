"""A silence: matchers and a span of time. Its state is a function of time, and not stored."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from gateway.alerts.written import bad_matchers, read_matchers
from gateway.errors import FieldError, Refused
from matchers import Matcher

MAX_MATCHERS = 64


class SilenceState(StrEnum):
    """Where a silence stands at a given moment."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Holds alerts in [starts_at, ends_at) whose full labels match all *matchers*."""

    id: UUID
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str
    created_at: datetime
    updated_at: datetime

    def covers(self, now: datetime) -> bool:
        """Is it active at *now*?"""
        return self.starts_at <= now < self.ends_at

    def state(self, now: datetime) -> SilenceState:
        """Pending before its start, expired from its end on."""
        if now >= self.ends_at:
            return SilenceState.EXPIRED
        return SilenceState.ACTIVE if now >= self.starts_at else SilenceState.PENDING


class EndedSilence(NamedTuple):
    """One that has ended, and whose alerts were not all handed back yet."""

    id: UUID
    ends_at: datetime


def check_span(silence: Silence, now: datetime, longest: timedelta | None) -> None:
    """Refuses an end that has passed, that comes before the start, or *longest* after it."""
    if silence.ends_at <= now:
        raise _invalid("is in the past")
    if silence.ends_at <= silence.starts_at:
        raise _invalid("must be after starts_at")
    if longest is not None and silence.ends_at - silence.starts_at > longest:
        raise _invalid(f"a silence may last {longest} at most")


def edit_silence(
    before: Silence, changes: Mapping[str, object], now: datetime, longest: timedelta | None
) -> Silence:
    """What was ended stays ended, and what has not been silenced until now never was."""
    if before.state(now) is SilenceState.EXPIRED:
        raise Refused("this silence has ended; make a new one", code="silence_ended")
    after = msgspec.structs.replace(before, **changes, updated_at=now)
    earliest = min(before.starts_at, now)
    if after.starts_at < earliest:
        after = msgspec.structs.replace(after, starts_at=earliest)
    check_span(after, now, longest)
    return after


def end_silence(before: Silence, now: datetime) -> Silence:
    """It ends now, if it has not ended yet."""
    if before.state(now) is SilenceState.EXPIRED:
        return before
    starts_at = min(before.starts_at, now)
    return msgspec.structs.replace(before, starts_at=starts_at, ends_at=now, updated_at=now)


def _invalid(detail: str) -> Refused:
    return Refused(
        "the silence is not valid",
        code="invalid_silence",
        errors=(FieldError("/ends_at", detail),),
    )


def checked_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers of a new silence; refuses bad syntax, and silences without a positive matcher.

    `{team!="x"}` alone would silence everything without that label: never what somebody meant.
    """
    matchers = read_matchers(text, "/matchers")
    if len(matchers) > MAX_MATCHERS:
        raise bad_matchers(f"at most {MAX_MATCHERS} matchers", "/matchers")
    if not any(matcher.positive for matcher in matchers):
        raise bad_matchers(
            "at least one matcher must demand something: `=` with a value, or `=~` that does not"
            " match the empty string",
            "/matchers",
        )
    return matchers
