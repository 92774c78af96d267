"""Any JSON sender, by a mapping in the configuration: one JMESPath expression for each field.

    [sources.zabbix]
    kind = "mapped"
    items = "@"                                             # "alerts[*]": a list of alerts
    status = { path = "event.status", map = { PROBLEM = "firing", OK = "resolved" } }
    severity = { path = "event.severity", map = { Disaster = "critical" }, default = "medium" }
    starts_at = { path = "event.ts", as = "epoch_s" }       # or rfc3339, epoch_ms; ends_at too
    labels = { alertname = "trigger.name", host = "host.name" }
    annotations = { summary = "event.text" }
    url = "event.link"
    fingerprint = "event.id"
    examples = [{ in = '{"event": …}', out = { status = "firing", labels = { … } } }]

An item the mapping fails on is not dropped: it becomes a firing sighting, marked `unmapped`, so
that somebody gets a ticket about it. Items that fail for one reason are one alert: a mapping that
no longer fits its sender makes a ticket, and not a flood of them.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from gateway.alerts.sighting import Sighting
from gateway.alerts.times import UNBOUNDED, TimeBounds, bounds_at, read_time
from gateway.intake.delivery.signing import check_webhook, webhook_signing
from gateway.intake.delivery.source import (
    Delivery,
    MalformedPayload,
    Mistake,
    Parse,
    Rejected,
    SourceKind,
)
from gateway.intake.delivery.steps import Steps, at_once
from gateway.reading.expression import ExpressionFailed
from gateway.reading.mapping import (
    Example,
    Expected,
    ItemMapping,
    MappingFailed,
    MappingOptions,
)
from gateway.reading.outline import more_values_than
from gateway.reading.payload import bounded, well_formed

MAX_EXCERPT_BYTES = 4096
MAX_REASON_CHARACTERS = 16
"""Of the reason in a title: it must be read where titles are cut."""
MAX_VALUES = 200_000
"""Of a body: each becomes an object before anything can be looked at."""
MAX_ITEM_VALUES = 10_000
"""Expressions may look at each of them, and nobody else gets a turn meanwhile."""

_SAFE_INTEGER_DIGITS = 18
_PLACE = re.compile(r"[\w.]+(?=: )")
"""The option that an error begins with, if it does."""
_encode = msgspec.json.Encoder(order="sorted").encode


def _parse(mapping: ItemMapping, body: bytes, received_at: datetime) -> Steps[Delivery]:
    return _read(mapping, bounds_at(received_at), body)


def _read(mapping: ItemMapping, bounds: TimeBounds, body: bytes) -> Steps[Delivery]:
    text = yield from well_formed(body)
    if (yield from more_values_than(text, MAX_VALUES)):
        raise MalformedPayload(f"more than about {MAX_VALUES} values in one body", code="too_many")
    some_may_be_large = yield from more_values_than(text, MAX_ITEM_VALUES)
    value = _decoded(text, some_may_be_large)
    yield
    if value is None:
        return Delivery([])
    if not isinstance(value, dict | list):
        raise MalformedPayload("the body must be an object or a list", code="shape")
    try:
        items = mapping.split(value)
    except (ExpressionFailed, MappingFailed) as error:
        return Delivery([_unmapped(0, value, error)])
    yield
    bounded(len(items))
    delivery = Delivery([])
    for index, item in enumerate(items):
        if item is None:
            delivery.rejected.append(Rejected(index, f"/{index}: is null", "shape", b"null"))
        elif some_may_be_large and _is_large(item):
            too_large = MappingFailed(f"the item has more than {MAX_ITEM_VALUES} values")
            delivery.sightings.append(_unmapped(index, item, too_large))
        else:
            delivery.sightings.append(_sighting(mapping, bounds, index, item))
        yield
    return delivery


def _is_large(item: object) -> bool:
    """Too large to be searched by expressions while others wait."""
    rest, count = [item], 0
    while rest and count <= MAX_ITEM_VALUES:
        value = rest.pop()
        count += 1
        if isinstance(value, dict):
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
    return count > MAX_ITEM_VALUES


def _decoded(text: bytes, has_many_values: bool) -> object:
    """Numbers that no machine word holds stay the texts they are; that takes ten times as long."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        if has_many_values:
            detail = f"numbers too large, among more than about {MAX_ITEM_VALUES} values"
            raise MalformedPayload(detail, code="too_many") from error
    return json.loads(text.decode(), parse_int=_integer, parse_float=_number)


def _integer(literal: str) -> int | str:
    return int(literal) if len(literal) <= _SAFE_INTEGER_DIGITS else literal


def _number(literal: str) -> float | str:
    number = float(literal)
    return literal if number in (float("inf"), float("-inf")) else number


def _sighting(mapping: ItemMapping, bounds: TimeBounds, index: int, item: object) -> Sighting:
    try:
        return mapping.sighting(bounds, index, item)
    except (ExpressionFailed, MappingFailed) as error:
        return _unmapped(index, item, error)


def _unmapped(index: int, item: object, failed: Exception) -> Sighting:
    """The option that failed is the reason; `checked` adds whose it is."""
    error = str(failed)[:MAX_EXCERPT_BYTES]
    place = _PLACE.match(error)
    reason = place[0] if place else "item"
    labels = {"alertname": "Unmapped", "reason": reason}
    annotations = {
        "summary": f"{reason[:MAX_REASON_CHARACTERS]} cannot be mapped: {error}"[:512],
        "error": error,
        "item": _encode(item)[:MAX_EXCERPT_BYTES].decode(errors="ignore"),
    }
    return Sighting(index, True, _encode(labels), _encode(annotations), unmapped=True)


def check_examples(options: MappingOptions) -> list[Mistake]:
    """What the examples do not give as they say. Clamps no times."""
    mapping = ItemMapping(options)
    return [
        (("examples", number, *below), message)
        for number, example in enumerate(options.examples)
        for below, message in _mistakes(mapping, example)
    ]


def _mistakes(mapping: ItemMapping, example: Example) -> Iterator[Mistake]:
    given, out = example.given, example.out
    try:
        body = given.encode() if isinstance(given, str) else msgspec.json.encode(given)
        delivery = at_once(_read(mapping, UNBOUNDED, body))
    except MalformedPayload as error:
        yield ("in",), str(error)
        return
    expected = out if isinstance(out, tuple) else (out,)
    if len(delivery.sightings) != len(expected):
        yield ("out",), f"gives {len(delivery.sightings)} alerts, expected {len(expected)}"
        return
    for index, (sighting, wanted) in enumerate(zip(delivery.sightings, expected, strict=True)):
        place = ("out", index) if isinstance(out, tuple) else ("out",)
        for below, message in _differences(sighting, wanted):
            yield (*place, *below), message


def _differences(sighting: Sighting, expected: Expected) -> Iterator[Mistake]:
    actual = _as_example(sighting)
    if sighting.unmapped:
        yield (), actual["annotations"]["error"]
        return
    for field in fields(Expected):
        wanted = getattr(expected, field.name)
        if field.name.endswith("_at") and wanted is not None:
            wanted = _as_time(wanted)
        if wanted is not None and actual[field.name] != wanted:
            yield (field.name,), f"expected {wanted!r}, got {actual[field.name]!r}"


def _as_example(sighting: Sighting) -> dict[str, Any]:
    return {
        "status": "firing" if sighting.firing else "resolved",
        "labels": msgspec.json.decode(sighting.labels),
        "annotations": msgspec.json.decode(sighting.annotations),
        "severity": sighting.severity,
        "starts_at": sighting.starts_at,
        "ends_at": sighting.ends_at,
        "url": sighting.url,
        "fingerprint": sighting.source_fingerprint,
    }


def _as_time(value: object) -> object:
    try:
        return read_time(value if isinstance(value, str) else str(value))
    except ValueError:
        return value


def _open(options: MappingOptions) -> Parse:
    return partial(_parse, ItemMapping(options))


def _check(options: MappingOptions) -> list[Mistake]:
    return [*check_webhook(options), *check_examples(options)]


SOURCE = SourceKind(
    kind="mapped",
    open=_open,
    options=MappingOptions,
    check=_check,
    signing=webhook_signing,
)
