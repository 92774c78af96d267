"""The webhook message of an Alertmanager group: version 4, and Grafana's version 1 of the same.

Each alert says its status; while it fires, its end is year 1, which is no lease. Source:
Alertmanager's `template` package (Data, Alert) and Grafana's `receivers/webhook`.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Literal

import msgspec
from msgspec import Raw

from gateway.alerts.sighting import Sighting
from gateway.alerts.times import (
    ZERO_TIME,
    TimeBounds,
    bounds_at,
    end_within,
    lease_within,
    read_time,
    start_within,
)
from gateway.intake.delivery.source import Delivery
from gateway.intake.delivery.steps import Steps, portions
from gateway.reading.payload import (
    ABSENT,
    EMPTY_OBJECT,
    MAX_LINK_CHARACTERS,
    MAX_NAME_CHARACTERS,
    OPENING_BRACE,
    BadItem,
    Items,
    bounded,
    objects,
    one_by_one,
    refuse_crowd,
    text_or_empty,
    tidy_link,
    tidy_name,
    time_text,
    translate,
    unreadable_time,
)

_MAX_TRUNCATED = 1_000_000

_Status = Literal["firing", "resolved", ""]


class _Alert(msgspec.Struct, gc=False):
    status: _Status = ""
    labels: Raw = ABSENT
    annotations: Raw = EMPTY_OBJECT
    starts_at: str = msgspec.field(default="", name="startsAt")
    ends_at: str = msgspec.field(default="", name="endsAt")
    generator_url: str = msgspec.field(default="", name="generatorURL")
    fingerprint: str = ""
    panel_url: str = msgspec.field(default="", name="panelURL")
    dashboard_url: str = msgspec.field(default="", name="dashboardURL")


class _Group(msgspec.Struct, gc=False):
    alerts: list[_Alert] | None
    truncated: int = msgspec.field(default=0, name="truncatedAlerts")


class _LooseAlert(msgspec.Struct, gc=False):
    status: Raw = ABSENT
    labels: Raw = ABSENT
    annotations: Raw = ABSENT
    starts_at: Raw = msgspec.field(default=ABSENT, name="startsAt")
    ends_at: Raw = msgspec.field(default=ABSENT, name="endsAt")
    generator_url: Raw = msgspec.field(default=ABSENT, name="generatorURL")
    fingerprint: Raw = ABSENT
    panel_url: Raw = msgspec.field(default=ABSENT, name="panelURL")
    dashboard_url: Raw = msgspec.field(default=ABSENT, name="dashboardURL")


class _LooseGroup(msgspec.Struct, gc=False):
    alerts: list[Raw] | None
    truncated: Raw = msgspec.field(default=ABSENT, name="truncatedAlerts")


_fromisoformat = datetime.fromisoformat
_GROUP = msgspec.json.Decoder(_Group | None)
_LOOSE_GROUP = msgspec.json.Decoder(_LooseGroup | None)
_LOOSE_ALERT = msgspec.json.Decoder(_LooseAlert)
_STATUS = msgspec.json.Decoder(_Status | None)
_COUNT = msgspec.json.Decoder(int)


def parse_group(body: bytes, received_at: datetime) -> Steps[Delivery]:
    """As `gateway.intake.delivery.source.Parse`; `truncatedAlerts` is handed on."""
    bounds = bounds_at(received_at)
    return translate(body, partial(_quickly, bounds), partial(_carefully, bounds))


def _quickly(bounds: TimeBounds, text: bytes) -> Steps[Delivery]:
    yield from refuse_crowd(text, b"}")
    group = _GROUP.decode(text)
    if group is None or not group.alerts:
        return Delivery([], truncated=_truncated(group.truncated if group else 0))
    bounded(len(group.alerts))
    sightings: list[Sighting] = []
    for portion in portions(group.alerts):
        sightings += [
            _repeat(bounds, index, alert) or _sighting(bounds, index, alert)
            for index, alert in portion
        ]
        yield
    return Delivery(sightings, [], _truncated(group.truncated), by_labels=True)


def _repeat(bounds: TimeBounds, index: int, alert: _Alert) -> Sighting | None:
    """What nearly all are, in the fewest steps: firing since before now, nothing odd."""
    try:
        starts_at = _fromisoformat(alert.starts_at)
    except ValueError:
        return None
    if not (
        alert.status == "firing"
        and alert.ends_at == ZERO_TIME
        and starts_at.tzinfo is UTC
        and bounds.earliest <= starts_at <= bounds.received_at
    ):
        return None
    labels = bytes(alert.labels)
    annotations = bytes(alert.annotations)
    url = alert.generator_url
    name = alert.fingerprint
    if labels[0] != OPENING_BRACE or annotations[0] != OPENING_BRACE or not url:
        return None
    if "\0" in url or "\0" in name:
        return None
    if len(url) > MAX_LINK_CHARACTERS or len(name) > MAX_NAME_CHARACTERS:
        return None
    return Sighting(index, True, labels, annotations, starts_at, None, None, "", url, name)


def _sighting(bounds: TimeBounds, index: int, alert: _Alert) -> Sighting:
    labels = bytes(alert.labels)
    annotations = objects(labels, bytes(alert.annotations))
    starts_at = start_within(bounds, _time(alert.starts_at, "/startsAt"))
    ends_at = _time(alert.ends_at, "/endsAt")
    firing = alert.status == "firing"
    if not alert.status:  # a relay that dropped it: the end tells, as it does for Prometheus
        firing = ends_at is None or ends_at > bounds.received_at
    return Sighting(
        index=index,
        firing=firing,
        labels=labels,
        annotations=annotations,
        starts_at=starts_at,
        ends_at=None if firing else end_within(bounds, ends_at, starts_at),
        lease_until=lease_within(bounds, ends_at) if firing else None,
        url=tidy_link(alert.generator_url or alert.panel_url or alert.dashboard_url),
        source_fingerprint=tidy_name(alert.fingerprint),
    )


def _time(text: str, pointer: str) -> datetime | None:
    try:
        return read_time(text)
    except ValueError as error:
        raise unreadable_time(pointer, text) from error


def _truncated(count: int) -> int:
    return max(0, min(count, _MAX_TRUNCATED))


def _carefully(bounds: TimeBounds, text: bytes) -> Steps[Delivery]:
    yield from refuse_crowd(text, b",")
    group = _LOOSE_GROUP.decode(text)
    if group is None or not group.alerts:
        return Delivery([], truncated=_loose_count(group.truncated if group else ABSENT))
    delivery = yield from one_by_one(
        Items(group.alerts, "/alerts"),
        lambda index, raw: _sighting(bounds, index, _loosely(raw)),
    )
    return Delivery(delivery.sightings, delivery.rejected, _loose_count(group.truncated))


def _loose_count(raw: Raw) -> int:
    try:
        return _truncated(_COUNT.decode(raw))
    except msgspec.ValidationError:
        return 0


def _loosely(raw: Raw) -> _Alert:
    try:
        loose = _LOOSE_ALERT.decode(raw)
    except msgspec.ValidationError as error:
        raise BadItem("", "must be an object", "shape") from error
    return _Alert(
        status=_status(loose.status),
        labels=loose.labels,
        annotations=loose.annotations,
        starts_at=time_text(loose.starts_at, "/startsAt"),
        ends_at=time_text(loose.ends_at, "/endsAt"),
        generator_url=text_or_empty(loose.generator_url),
        fingerprint=text_or_empty(loose.fingerprint),
        panel_url=text_or_empty(loose.panel_url),
        dashboard_url=text_or_empty(loose.dashboard_url),
    )


def _status(raw: Raw) -> _Status:
    try:
        return _STATUS.decode(raw) or ""
    except msgspec.ValidationError as error:
        raise BadItem("/status", "must be `firing` or `resolved`", "status") from error
