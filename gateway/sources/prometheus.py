"""What Prometheus posts to `/api/v2/alerts`: an array of alerts, whose end says if they fire.

There is no status. An end ahead of us is a lease, renewed by each repeat; an end behind us is a
resolve. Source: Alertmanager's `api/v2/openapi.yaml` and the order of steps in its handler.
"""

from datetime import UTC, datetime
from functools import partial

import msgspec
from msgspec import Raw

from gateway.alerts.sighting import Sighting
from gateway.alerts.times import (
    TimeBounds,
    bounds_at,
    end_within,
    lease_within,
    read_time,
    start_within,
)
from gateway.intake.delivery.source import Delivery, SourceKind
from gateway.intake.delivery.steps import Steps, portions
from gateway.reading.payload import (
    ABSENT,
    EMPTY_OBJECT,
    MAX_LINK_CHARACTERS,
    OPENING_BRACE,
    BadItem,
    Items,
    bounded,
    objects,
    one_by_one,
    refuse_crowd,
    text_or_empty,
    tidy_link,
    time_text,
    translate,
    unreadable_time,
)


class _Alert(msgspec.Struct, gc=False):
    labels: Raw = ABSENT
    annotations: Raw = EMPTY_OBJECT
    starts_at: str = msgspec.field(default="", name="startsAt")
    ends_at: str = msgspec.field(default="", name="endsAt")
    generator_url: str = msgspec.field(default="", name="generatorURL")


class _LooseAlert(msgspec.Struct, gc=False):
    labels: Raw = ABSENT
    annotations: Raw = ABSENT
    starts_at: Raw = msgspec.field(default=ABSENT, name="startsAt")
    ends_at: Raw = msgspec.field(default=ABSENT, name="endsAt")
    generator_url: Raw = msgspec.field(default=ABSENT, name="generatorURL")


_fromisoformat = datetime.fromisoformat
_ALERTS = msgspec.json.Decoder(list[_Alert] | None)
_ITEMS = msgspec.json.Decoder(list[Raw] | None)
_LOOSE = msgspec.json.Decoder(_LooseAlert)


def _parse(body: bytes, received_at: datetime) -> Steps[Delivery]:
    bounds = bounds_at(received_at)
    return translate(body, partial(_quickly, bounds), partial(_carefully, bounds))


def _quickly(bounds: TimeBounds, text: bytes) -> Steps[Delivery]:
    yield from refuse_crowd(text, b"}")
    alerts = _ALERTS.decode(text) or []
    bounded(len(alerts))
    lease: tuple[str, datetime | None] = ("", None)
    sightings: list[Sighting] = []
    keep = sightings.append
    for portion in portions(alerts):
        for index, alert in portion:
            if alert.ends_at != lease[0]:  # most of one body have the same
                lease = (alert.ends_at, _lease(bounds, alert.ends_at))
            keep(_repeat(bounds, index, alert, lease[1]) or _sighting(bounds, index, alert))
        yield
    return Delivery(sightings, by_labels=True)


def _lease(bounds: TimeBounds, text: str) -> datetime | None:
    """An end that lies plausibly ahead; None is for others to look at."""
    try:
        ends_at = _fromisoformat(text)
    except ValueError:
        return None
    if ends_at.tzinfo is UTC and bounds.received_at < ends_at <= bounds.lease_end:
        return ends_at
    return None


def _repeat(
    bounds: TimeBounds, index: int, alert: _Alert, lease: datetime | None
) -> Sighting | None:
    """What nearly all are, in the fewest steps: began before now, fires on, nothing odd."""
    try:
        starts_at = _fromisoformat(alert.starts_at)
    except ValueError:
        return None
    if (
        lease is None
        or starts_at.tzinfo is not UTC
        or not bounds.earliest <= starts_at <= bounds.received_at
    ):
        return None
    labels = bytes(alert.labels)
    annotations = bytes(alert.annotations)
    url = alert.generator_url
    if (
        labels[0] != OPENING_BRACE
        or annotations[0] != OPENING_BRACE
        or "\0" in url
        or len(url) > MAX_LINK_CHARACTERS
    ):
        return None
    return Sighting(index, True, labels, annotations, starts_at, None, lease, "", url)


def _carefully(bounds: TimeBounds, text: bytes) -> Steps[Delivery]:
    yield from refuse_crowd(text, b",")
    items = Items(_ITEMS.decode(text) or [])
    return (
        yield from one_by_one(items, lambda index, raw: _sighting(bounds, index, _loosely(raw)))
    )


def _loosely(raw: Raw) -> _Alert:
    try:
        loose = _LOOSE.decode(raw)
    except msgspec.ValidationError as error:
        raise BadItem("", "must be an object", "shape") from error
    return _Alert(
        loose.labels,
        loose.annotations,
        time_text(loose.starts_at, "/startsAt"),
        time_text(loose.ends_at, "/endsAt"),
        text_or_empty(loose.generator_url),
    )


def _sighting(bounds: TimeBounds, index: int, alert: _Alert) -> Sighting:
    labels = bytes(alert.labels)
    annotations = bytes(alert.annotations)
    if labels[0] != OPENING_BRACE or annotations[0] != OPENING_BRACE:
        annotations = objects(labels, annotations)
    starts_at, ends_at = _times(alert)
    url = alert.generator_url
    if len(url) > MAX_LINK_CHARACTERS or "\0" in url:
        url = tidy_link(url)
    if ends_at is None or ends_at > bounds.received_at:
        # An absent start stays absent: Alertmanager would take the end, which lies ahead of us.
        lease = lease_within(bounds, ends_at)
        starts_at = start_within(bounds, starts_at)
        return Sighting(index, True, labels, annotations, starts_at, None, lease, "", url)
    starts_at = start_within(bounds, starts_at or ends_at)
    ends_at = end_within(bounds, ends_at, starts_at)
    return Sighting(index, False, labels, annotations, starts_at, ends_at, None, "", url)


def _times(alert: _Alert) -> tuple[datetime | None, datetime | None]:
    try:
        starts_at = read_time(alert.starts_at)
    except ValueError as error:
        raise unreadable_time("/startsAt", alert.starts_at) from error
    try:
        ends_at = read_time(alert.ends_at)
    except ValueError as error:
        raise unreadable_time("/endsAt", alert.ends_at) from error
    if starts_at is not None and ends_at is not None and ends_at < starts_at:
        raise BadItem("/endsAt", "start time must be before end time", "time")
    return starts_at, ends_at


SOURCE = SourceKind(kind="prometheus", open=lambda options: _parse)
