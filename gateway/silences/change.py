"""Changes of silences as values: the silence as it now is, its history entries and its events."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from gateway.changes.change import Change
from gateway.errors import Refused
from gateway.events.event import Event, EventType
from gateway.history.chain import Entry
from gateway.history.kind import Kind
from gateway.silences.silence import Silence, SilenceState, check_span
from matchers import render

SilenceChange = Change[Silence]
_MOMENT = timedelta(microseconds=1)


def begin_silence(silence: Silence, actor: str, longest: timedelta | None) -> SilenceChange:
    """A new one, as it shall be; refuses a bad span."""
    check_span(silence, silence.created_at, longest)
    at = silence.created_at
    text = render(silence.matchers)
    entry = Entry(Kind.SILENCE, silence.key, at, actor, "matchers", None, text, silence.comment)
    return Change(silence, (entry,), (Event(EventType.SILENCE_CREATED, at, {"by": actor}),))


def edit_silence(
    before: Silence,
    changes: Mapping[str, object],
    actor: str,
    now: datetime,
    longest: timedelta | None,
) -> SilenceChange | None:
    """What was ended stays ended, and what has not been silenced until now never was. None if
    nothing differs.
    """
    at = _moment(before, now)
    if before.state(at) is SilenceState.EXPIRED:
        raise Refused("this silence has ended; make a new one", code="silence_ended")
    after = msgspec.structs.replace(before, **changes)
    earliest = min(before.starts_at, at)
    if after.starts_at < earliest:
        after = msgspec.structs.replace(after, starts_at=earliest)
    check_span(after, at, longest)
    return _change(before, after, actor, at)


def end_silence(before: Silence, actor: str, now: datetime) -> SilenceChange | None:
    """It ends now; None if it has ended."""
    at = _moment(before, now)
    if before.state(at) is SilenceState.EXPIRED:
        return None
    starts_at = min(before.starts_at, at)
    after = msgspec.structs.replace(before, starts_at=starts_at, ends_at=at)
    event = Event(EventType.SILENCE_EXPIRED, at, {"by": actor})
    return _change(before, after, actor, at, event)


def _moment(silence: Silence, now: datetime) -> datetime:
    """Each change has a moment of its own: by it processes know what they have read."""
    return max(now, silence.updated_at + _MOMENT)


def _change(
    before: Silence, after: Silence, actor: str, at: datetime, *events: Event
) -> SilenceChange | None:
    entries = tuple(
        Entry(Kind.SILENCE, after.key, at, actor, name, old, new)
        for (name, old), new in zip(_shown(before).items(), _shown(after).values(), strict=True)
        if old != new
    )
    if not entries:
        return None
    after = msgspec.structs.replace(after, updated_at=at, version=before.version + 1)
    return Change(after, entries, events)


def _shown(silence: Silence) -> dict[str, str]:
    return {
        "matchers": render(silence.matchers),
        "starts_at": silence.starts_at.isoformat(),
        "ends_at": silence.ends_at.isoformat(),
        "author": silence.author,
        "comment": silence.comment,
    }
