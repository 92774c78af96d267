"""A mapping: which expression gives which field of an alert, and how its result is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from gateway.alerts.sighting import Sighting
from gateway.alerts.times import (
    TimeBounds,
    end_within,
    lease_within,
    read_epoch,
    read_time,
    start_within,
)
from gateway.bounds import not_empty
from gateway.intake.delivery.signing import SigningOptions
from gateway.reading.expression import Expression
from gateway.reading.payload import tidy_link, tidy_name

MAX_OUTPUT_BYTES = 64 * 1024

_PER_SECOND = {"epoch_s": 1, "epoch_ms": 1000}
_encode = msgspec.json.encode

Status = Literal["firing", "resolved"]


class MappingFailed(Exception):
    """The mapping gives no alert for this item; the message names the field and why."""


ExpressionText = Annotated[str, Expression]
"""JMESPath."""
NOTHING = "`null`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """`{path, map, default}`: a value that `map` does not name is *default*, else itself."""

    SHORT: ClassVar = "path"
    """A text alone is this."""

    path: ExpressionText
    map: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLookup:
    """As Lookup, and the outcome is one of two."""

    SHORT: ClassVar = "path"

    path: ExpressionText
    map: Mapping[str, Status] = field(default_factory=dict)
    default: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLookup:
    """`{path, as}`."""

    SHORT: ClassVar = "path"

    path: ExpressionText
    form: Literal["rfc3339", "epoch_s", "epoch_ms"] = field(
        default="rfc3339", metadata={"key": "as"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Fields of the alert that an example must give; None: not looked at."""

    status: Status | None = None
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    severity: str | None = None
    starts_at: Any = None
    ends_at: Any = None
    url: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """`{in, out}`: a payload (JSON text, or a table), and the alerts it must give."""

    given: Any = field(metadata={"key": "in"})
    out: Expected | tuple[Expected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingOptions(SigningOptions):
    """The options table of a mapped source."""

    labels: Annotated[Mapping[str, Lookup], not_empty]
    examples: Annotated[tuple[Example, ...], not_empty]
    items: ExpressionText = "@"
    status: StatusLookup = StatusLookup(path=NOTHING, default="firing")
    severity: Lookup = Lookup(path=NOTHING)
    starts_at: TimeLookup = TimeLookup(path=NOTHING)
    ends_at: TimeLookup = TimeLookup(path=NOTHING)
    annotations: Mapping[str, Lookup] = field(default_factory=dict)
    url: ExpressionText = NOTHING
    fingerprint: ExpressionText = NOTHING


class _Text:
    """One field that is text: compiled, with the place it has in the options."""

    def __init__(self, place: str, lookup: Lookup | StatusLookup) -> None:
        self.place = place
        self._map: Mapping[str, str] = lookup.map
        self._default: str | None = lookup.default
        self._expression = Expression(lookup.path)

    def read(self, item: object) -> str | None:
        """Numbers and booleans become text; None if the path finds nothing."""
        value = self._expression.apply(item)
        if value is None:
            return self._default
        if isinstance(value, dict | list):
            raise MappingFailed(f"{self.place}: gives {_kind(value)}, expected one value")
        text = _as_text(value)
        found = self._map.get(text)
        if found is not None:
            return found
        return self._default if self._map and self._default is not None else text


class _Time:
    def __init__(self, place: str, lookup: TimeLookup) -> None:
        self.place = place
        self._per_second = _PER_SECOND.get(lookup.form)
        self._expression = Expression(lookup.path)

    def read(self, item: object) -> datetime | None:
        value = self._expression.apply(item)
        if value is None or value == "":
            return None
        try:
            if self._per_second and isinstance(value, str | int | float) and value is not True:
                return read_epoch(str(value), self._per_second)
            if not self._per_second and isinstance(value, str):
                return read_time(value)
        except ValueError as error:
            raise MappingFailed(f"{self.place}: {error}: {value!r}"[:256]) from error
        raise MappingFailed(f"{self.place}: {_kind(value)} is no time")


class ItemMapping:
    """A compiled mapping."""

    def __init__(self, options: MappingOptions) -> None:
        self._items = Expression(options.items)
        self._status = _Text("status", options.status)
        self._severity = _Text("severity", options.severity)
        self._url = _Text("url", Lookup(path=options.url))
        self._fingerprint = _Text("fingerprint", Lookup(path=options.fingerprint))
        self._starts_at = _Time("starts_at", options.starts_at)
        self._ends_at = _Time("ends_at", options.ends_at)
        self._labels = _texts("labels", options.labels)
        self._annotations = _texts("annotations", options.annotations)

    def split(self, body: object) -> list[Any]:
        """The items in a body: a list as it is, an object alone."""
        items = self._items.apply(body)
        if isinstance(items, list):
            return items
        if isinstance(items, dict):
            return [items]
        raise MappingFailed(f"items: gives {_kind(items)}, expected a list or an object")

    def sighting(self, bounds: TimeBounds, index: int, item: object) -> Sighting:
        """Raises MappingFailed or ExpressionFailed if the item gives no alert."""
        labels = {name: text for name, field in self._labels if (text := field.read(item))}
        if not labels:
            raise MappingFailed("labels: all are empty")
        annotations = {name: field.read(item) or "" for name, field in self._annotations}
        status = self._status.read(item)
        if status not in ("firing", "resolved"):
            raise MappingFailed(f"status: {status!r} is neither firing nor resolved"[:256])
        firing = status == "firing"
        starts_at = start_within(bounds, self._starts_at.read(item))
        ends_at = self._ends_at.read(item)
        return _bounded(
            Sighting(
                index=index,
                firing=firing,
                labels=_encode(labels),
                annotations=_encode({name: text for name, text in annotations.items() if text}),
                starts_at=starts_at,
                ends_at=None if firing else end_within(bounds, ends_at, starts_at),
                lease_until=lease_within(bounds, ends_at) if firing else None,
                severity=tidy_name(self._severity.read(item) or ""),
                url=tidy_link(self._url.read(item) or ""),
                source_fingerprint=tidy_name(self._fingerprint.read(item) or ""),
            )
        )


def _texts(place: str, lookups: Mapping[str, Lookup]) -> list[tuple[str, _Text]]:
    return [(name, _Text(f"{place}.{name}", lookup)) for name, lookup in lookups.items()]


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _kind(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else f"{value!r}"[:64]


def _bounded(sighting: Sighting) -> Sighting:
    if len(sighting.labels) + len(sighting.annotations) > MAX_OUTPUT_BYTES:
        raise MappingFailed(f"gives more than {MAX_OUTPUT_BYTES} bytes")
    return sighting
