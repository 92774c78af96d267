"""A silence: matchers and a span of time. Its state is a function of time, and not stored."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, NamedTuple
from uuid import UUID

import msgspec

from gateway.alerts.matching import bad_matchers, read_matchers
from gateway.errors import FieldError, Refused
from gateway.events.event import shown_time
from gateway.history.chain import Head
from gateway.history.kind import Kind
from matchers import Matcher, render

MAX_MATCHERS = 64


class SilenceState(StrEnum):
    """Where a silence stands at a given moment."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Holds alerts in [starts_at, ends_at) whose full labels match all *matchers*."""

    kind: ClassVar[Kind] = Kind.SILENCE

    id: UUID
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str
    created_at: datetime
    updated_at: datetime
    version: int = 1
    history_length: int = 0
    history_head: bytes = b""

    @property
    def key(self) -> str:
        """Its id, as text."""
        return str(self.id)

    @property
    def head(self) -> Head:
        """The end of its history."""
        return Head(self.history_length, self.history_head)

    def told(self) -> Mapping[str, object]:
        """What every event says of it."""
        return {
            "silence": {
                "id": str(self.id),
                "matchers": render(self.matchers),
                "starts_at": shown_time(self.starts_at),
                "ends_at": shown_time(self.ends_at),
                "author": self.author,
                "comment": self.comment,
            }
        }

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
