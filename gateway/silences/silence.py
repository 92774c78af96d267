"""A silence: matchers and a span of time. Its state is a function of time, and not stored."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from gateway.errors import FieldError, Refused
from matchers import Matcher, MatcherSyntaxError, parse

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


def checked_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers of a new silence; refuses bad syntax, and silences without a positive matcher.

    `{team!="x"}` alone would silence everything without that label: never what somebody meant.
    """
    try:
        matchers = parse(text)
    except MatcherSyntaxError as error:
        raise Refused(
            f"matchers: {error}",
            code="bad_matchers",
            errors=(FieldError("/matchers", f"{error} (at character {error.position})"),),
        ) from error
    if len(matchers) > MAX_MATCHERS:
        raise _refused(f"at most {MAX_MATCHERS} matchers")
    if not any(matcher.positive for matcher in matchers):
        raise _refused(
            "at least one matcher must demand something: `=` with a value, or `=~` that does not"
            " match the empty string"
        )
    return matchers


def _refused(detail: str) -> Refused:
    return Refused(detail, code="bad_matchers", errors=(FieldError("/matchers", detail),))
