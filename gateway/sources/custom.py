"""A plain JSON shape for whoever writes their own sender: one alert, a list, or `{"alerts": […]}`,
where fields beside the list are shared by all in it.

    {"labels": {"alertname": "DiskFull", "host": "db-1"},      required; what names the alert
     "status": "firing",                                       or "resolved"; firing by default
     "annotations": {"summary": "…"},                          what describes it
     "title": "…", "description": "…",                         short for two annotations
     "severity": "critical",                                   if it is no label
     "starts_at": "2026-01-01T12:00:00Z", "ends_at": "…",      RFC 3339; UTC if without a zone
     "expires_at": "…",                                        firing until then, unless repeated
     "url": "https://…", "fingerprint": "…"}                   a link; the sender's own name for it

`startsAt` and `endsAt` are accepted too. Values of labels and annotations may be numbers and
booleans, which become text as they are written; null means absent. Without a status, an end that
has passed means resolved. Other keys are ignored. `title` becomes the annotation `summary`. An
alert's own fields win over shared ones; labels and annotations are merged key by key.
"""

from datetime import datetime
from functools import partial
from itertools import islice

import msgspec
from msgspec import Raw

from gateway.alerts.labels import MAX_LABELS
from gateway.alerts.sighting import Sighting
from gateway.alerts.times import (
    TimeBounds,
    bounds_at,
    end_within,
    lease_within,
    read_time,
    start_within,
)
from gateway.intake.delivery.signing import SigningOptions, check_webhook, webhook_signing
from gateway.intake.delivery.source import Delivery, SourceKind
from gateway.intake.delivery.steps import Steps
from gateway.reading.payload import (
    ABSENT,
    OPENING_BRACE,
    BadItem,
    Items,
    bounded,
    objects,
    pointer_to,
    scalar_text,
    tidy_link,
    tidy_name,
    time_text,
    translate_items,
    unreadable_time,
)
from gateway.reading.shared_fields import FieldNames, completion


class _Alert(msgspec.Struct, gc=False):
    status: Raw = ABSENT
    labels: Raw = ABSENT
    annotations: Raw = ABSENT
    title: Raw = ABSENT
    description: Raw = ABSENT
    severity: Raw = ABSENT
    starts_at: Raw = ABSENT
    ends_at: Raw = ABSENT
    starts_at_camel: Raw = msgspec.field(default=ABSENT, name="startsAt")
    ends_at_camel: Raw = msgspec.field(default=ABSENT, name="endsAt")
    expires_at: Raw = ABSENT
    url: Raw = ABSENT
    fingerprint: Raw = ABSENT


class _Envelope(_Alert, gc=False):
    """The fields are those that all alerts share."""

    alerts: list[Raw] | msgspec.UnsetType | None = msgspec.UNSET


_FIELDS = {field.encode_name: field.name for field in msgspec.structs.fields(_Alert)}
_NAMES = FieldNames(
    maps=("labels", "annotations"),
    instead={
        "starts_at": "startsAt",
        "startsAt": "starts_at",
        "ends_at": "endsAt",
        "endsAt": "ends_at",
    },
    instead_of_key={
        "title": ("annotations", "summary"),
        "description": ("annotations", "description"),
    },
)
_ALERT = msgspec.json.Decoder(_Alert)
_BODY = msgspec.json.Decoder(Raw)
_LIST = msgspec.json.Decoder(list[Raw] | None)
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_ALL_TEXT = msgspec.json.Decoder(dict[str, str])
_VALUES = msgspec.json.Decoder(dict[str, Raw])
_encode = msgspec.json.encode


def _parse(body: bytes, received_at: datetime) -> Steps[Delivery]:
    return translate_items(body, _split, partial(_sighting, bounds_at(received_at)))


def _split(text: bytes) -> Items:
    body = _BODY.decode(text)
    if bytes(body)[0] != OPENING_BRACE:
        return Items(_LIST.decode(body) or [])
    envelope = _ENVELOPE.decode(body)
    alerts = envelope.alerts
    if isinstance(alerts, msgspec.UnsetType):
        return Items([body], alone=True)
    given = {name: bytes(getattr(envelope, field)) for name, field in _FIELDS.items()}
    shared = {name: Raw(value) for name, value in given.items() if value != b"null"}
    if alerts is None and shared:
        return Items([body], alone=True)
    if not alerts or not shared:
        return Items(alerts or [], "/alerts")
    bounded(len(alerts))
    return Items(alerts, "/alerts", complete=completion(_NAMES, shared, len(alerts)))


def _sighting(bounds: TimeBounds, index: int, raw: Raw) -> Sighting:
    try:
        alert = _ALERT.decode(raw)
    except msgspec.ValidationError as error:
        raise BadItem("", "must be an object", "shape") from error
    labels = bytes(alert.labels)
    annotations = objects(labels, bytes(alert.annotations))
    starts_at = _either(alert.starts_at, alert.starts_at_camel, "/starts_at", "/startsAt")
    ends_at = _either(alert.ends_at, alert.ends_at_camel, "/ends_at", "/endsAt")
    lease = _lease(bounds, _time(alert.expires_at, "/expires_at"), ends_at)
    firing = _firing(alert.status, ends_at, bounds.received_at)
    starts_at = start_within(bounds, starts_at)
    return Sighting(
        index=index,
        firing=firing,
        labels=_labels(labels),
        annotations=_annotations(annotations, alert),
        starts_at=starts_at,
        ends_at=None if firing else end_within(bounds, ends_at, starts_at),
        lease_until=lease if firing else None,
        severity=tidy_name(scalar_text(alert.severity, "/severity")),
        url=tidy_link(scalar_text(alert.url, "/url")),
        source_fingerprint=tidy_name(scalar_text(alert.fingerprint, "/fingerprint")),
    )


def _firing(status: Raw, ends_at: datetime | None, received_at: datetime) -> bool:
    match scalar_text(status, "/status", "status"):
        case "firing":
            return True
        case "resolved":
            return False
        case "":
            return ends_at is None or ends_at > received_at
    raise BadItem("/status", "must be `firing` or `resolved`", "status")


def _lease(
    bounds: TimeBounds, expires_at: datetime | None, ends_at: datetime | None
) -> datetime | None:
    """A promise that has already run out is not the same as none."""
    if expires_at is None:
        return lease_within(bounds, ends_at)
    return lease_within(bounds, expires_at) or bounds.received_at


def _either(snake: Raw, camel: Raw, snake_pointer: str, camel_pointer: str) -> datetime | None:
    return _time(snake, snake_pointer) or _time(camel, camel_pointer)


def _time(raw: Raw, pointer: str) -> datetime | None:
    text = time_text(raw, pointer)
    try:
        return read_time(text)
    except ValueError as error:
        raise unreadable_time(pointer, text) from error


def _labels(labels: bytes) -> bytes:
    """As they came, if all values are strings: the next repeat is recognised by these bytes."""
    try:
        _ALL_TEXT.decode(labels)
    except msgspec.ValidationError:
        values = _VALUES.decode(labels).items()
        texts = {
            name: scalar_text(value, pointer_to("labels", name), "labels")
            for name, value in values
            if bytes(value) != b"null"
        }
        return _encode(texts)
    return labels


def _annotations(annotations: bytes, alert: _Alert) -> bytes:
    texts = {
        name: _any_text(value)
        for name, value in islice(_VALUES.decode(annotations).items(), MAX_LABELS)
        if bytes(value) != b"null"
    }
    for name, raw in (("summary", alert.title), ("description", alert.description)):
        if bytes(raw) not in (b"null", b'""'):
            texts.setdefault(name, _any_text(raw))
    return _encode(texts)


def _any_text(raw: Raw) -> str:
    """A description may be anything: lists and objects stay as the JSON they are."""
    literal = bytes(raw)
    return literal.decode() if literal[:1] in (b"{", b"[") else scalar_text(raw, "")


SOURCE = SourceKind(
    kind="custom",
    open=lambda options: _parse,
    options=SigningOptions,
    check=check_webhook,
    signing=webhook_signing,
)
