"""What Nightingale (N9E, v5 to v9) posts: one event, or an array of events.

An event's `hash` names its source alert: a recovery carries the hash of its firing event while
rule name, group and notes may have been edited in between. So the hash is the discriminator, and
the labels are the event's tags and nothing of the rule, but for `alertname`: the tag `alertname`,
else the tag `rulename`, and only where neither is a tag the rule's name. Severity, group and
cluster stay out of the labels. Contacts (`notify_users_obj`, `notify_groups_obj`) and screenshots
are never read. Source: Nightingale's `models/alert_cur_event.go` and `alert/sender/`.
"""

from datetime import datetime
from functools import partial

import msgspec
from msgspec import Raw

from gateway.alerts.labels import MAX_LABEL_SET_BYTES
from gateway.alerts.sighting import Sighting
from gateway.alerts.times import TimeBounds, bounds_at, end_within, read_epoch, start_within
from gateway.intake.delivery.source import Delivery, SourceKind
from gateway.intake.delivery.steps import Steps
from gateway.reading.payload import (
    ABSENT,
    MAX_NAME_CHARACTERS,
    OPENING_BRACE,
    BadItem,
    Items,
    described,
    scalar_text,
    too_large,
    translate_items,
)

_SEVERITIES = {"1": "n9e-1", "2": "n9e-2", "3": "n9e-3"}
_RECOVERED = {"true": True, "1": True, "false": False, "0": False, "": False}


class _Event(msgspec.Struct, gc=False):
    """The fields that are read, of whatever type: versions and templates differ."""

    hash: Raw = ABSENT
    rule_name: Raw = ABSENT
    rule_note: Raw = ABSENT
    runbook_url: Raw = ABSENT
    severity: Raw = ABSENT
    tags_map: Raw = ABSENT
    tags: Raw = ABSENT
    annotations: Raw = ABSENT
    is_recovered: Raw = ABSENT
    trigger_value: Raw = ABSENT
    first_trigger_time: Raw = ABSENT
    trigger_time: Raw = ABSENT
    last_eval_time: Raw = ABSENT
    recover_time: Raw = ABSENT


class _NameTags(msgspec.Struct, gc=False):
    alertname: Raw = ABSENT
    rulename: Raw = ABSENT


_EVENT = msgspec.json.Decoder(_Event)
_BODY = msgspec.json.Decoder(Raw)
_EVENTS = msgspec.json.Decoder(list[Raw] | None)
_NAME_TAGS = msgspec.json.Decoder(_NameTags)
_TAGS = msgspec.json.Decoder(list[str])
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_encode = msgspec.json.encode


def _parse(body: bytes, received_at: datetime) -> Steps[Delivery]:
    return translate_items(body, _split, partial(_sighting, bounds_at(received_at)))


def _split(text: bytes) -> Items:
    body = _BODY.decode(text)
    if bytes(body)[0] == OPENING_BRACE:
        return Items([body], alone=True)
    return Items(_EVENTS.decode(body) or [])


def _sighting(bounds: TimeBounds, index: int, raw: Raw) -> Sighting:
    try:
        event = _EVENT.decode(raw)
    except msgspec.ValidationError as error:
        raise BadItem("", "must be an event object", "shape") from error
    name = _hash(event)
    firing = not _recovered(event)
    starts_at = start_within(
        bounds,
        _time(event.first_trigger_time, "/first_trigger_time")
        or _time(event.trigger_time, "/trigger_time"),
    )
    ends_at = None if firing else end_within(bounds, _recovery_time(event), starts_at)
    return Sighting(
        index=index,
        firing=firing,
        labels=_labels(event),
        annotations=_annotations(event),
        starts_at=starts_at,
        ends_at=ends_at,
        severity=_SEVERITIES.get(_scalar_or_empty(event.severity), ""),
        source_fingerprint=name,
        discriminator=name,
    )


def _hash(event: _Event) -> str:
    name = scalar_text(event.hash, "/hash", "hash").replace("\0", "\ufffd")
    if not name:
        raise BadItem("/hash", "the event has no hash to be recognised by", "hash")
    if len(name) > MAX_NAME_CHARACTERS:
        raise BadItem("/hash", f"longer than {MAX_NAME_CHARACTERS} characters", "hash")
    return name


def _recovered(event: _Event) -> bool:
    """A boolean in what is pushed, 0 or 1 in what the history API gives."""
    try:
        return _RECOVERED[scalar_text(event.is_recovered, "/is_recovered", "status")]
    except KeyError as error:
        raise BadItem("/is_recovered", "must be true or false", "status") from error


def _recovery_time(event: _Event) -> datetime | None:
    """`recover_time` is 0 in pushed events, and real only in the history API's."""
    return _time(event.last_eval_time, "/last_eval_time") or _time(
        event.recover_time, "/recover_time"
    )


def _time(raw: Raw, pointer: str) -> datetime | None:
    text = scalar_text(raw, pointer, "time")
    try:
        return read_epoch(text) if text else None
    except ValueError as error:
        raise BadItem(
            pointer, f"not a time in seconds since 1970: {text[:64]!r}", "time"
        ) from error


def _labels(event: _Event) -> bytes:
    tags = _tags(event)
    names = _NAME_TAGS.decode(tags)
    if _given(names.alertname):
        return tags
    name = bytes(names.rulename)
    if not _given(names.rulename):
        rule_name = _scalar_or_empty(event.rule_name)
        if not rule_name:
            return tags
        name = _encode(rule_name)
    rest = tags[:-1].rstrip()
    return rest + (b"" if rest == b"{" else b",") + b'"alertname":' + name + b"}"


def _tags(event: _Event) -> bytes:
    """`tags_map`, or before v6.1 the list of `name=value` that it was made from."""
    tags = bytes(event.tags_map)
    if tags[0] == OPENING_BRACE:
        return tags
    if tags != b"null":
        raise BadItem("/tags_map", "must be an object", "labels")
    if bytes(event.tags) == b"null":
        return _without_tags(event)
    if len(bytes(event.tags)) > MAX_LABEL_SET_BYTES:
        raise too_large("/tags", bytes(event.tags))
    try:
        pairs = [tag.partition("=") for tag in _TAGS.decode(event.tags)]
    except msgspec.ValidationError as error:
        raise BadItem("/tags", "must be a list of `name=value` strings", "labels") from error
    return _encode({name: value for name, _, value in pairs if name})


def _without_tags(event: _Event) -> bytes:
    if not _scalar_or_empty(event.rule_name):
        raise BadItem("/tags_map", "the event has neither tags nor a rule name", "labels")
    return b"{}"


def _annotations(event: _Event) -> bytes:
    """The rule's annotations, and its note, runbook and the value as three more."""
    annotations = _FIELDS.decode(described(bytes(event.annotations)))
    for name, field in (
        ("description", event.rule_note),
        ("runbook_url", event.runbook_url),
        ("trigger_value", event.trigger_value),
    ):
        text = _scalar_or_empty(field)
        if text and name not in annotations:
            annotations[name] = Raw(_encode(text))
    return _encode(annotations)


def _scalar_or_empty(raw: Raw) -> str:
    try:
        return scalar_text(raw, "")
    except BadItem:
        return ""


def _given(raw: Raw) -> bool:
    return bytes(raw) not in (b"null", b'""')


SOURCE = SourceKind(kind="n9e", open=lambda options: _parse, overload_status=429, json_only=False)
