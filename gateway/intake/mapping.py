"""A mapping: which expression gives which field of an alert, and how its result is read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from gateway.alerts.sighting import Sighting
from gateway.intake.expression import Expression
from gateway.intake.payload import tidy_link, tidy_name
from gateway.intake.times import (
    TimeBounds,
    end_within,
    lease_within,
    read_epoch,
    read_time,
    start_within,
)

MAX_OUTPUT_BYTES = 64 * 1024

_PER_SECOND = {"epoch_s": 1, "epoch_ms": 1000}
_encode = msgspec.json.encode

Status = Literal["firing", "resolved"]


class MappingFailed(Exception):
    """The mapping gives no alert for this item; the message names the field and why."""


class Lookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`{path, map, default}`: a value that `map` does not name is *default*, else itself."""

    path: str
    map: dict[str, str] = {}
    default: str | None = None


class StatusLookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As Lookup, and the outcome is one of two."""

    path: str
    map: dict[str, Status] = {}
    default: Status | None = None


class TimeLookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`{path, as}`."""

    path: str
    form: Literal["rfc3339", "epoch_s", "epoch_ms"] = msgspec.field(default="rfc3339", name="as")


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`{in, out}`: a payload (JSON text, or a table), and fields of the alerts it must give."""

    given: str | dict[str, Any] | list[Any] = msgspec.field(name="in")
    out: dict[str, Any] | list[dict[str, Any]]


class MappingOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options table of a mapped source."""

    labels: Annotated[dict[str, str | Lookup], msgspec.Meta(min_length=1)]
    examples: Annotated[list[Example], msgspec.Meta(min_length=1)]
    items: str = "@"
    status: str | StatusLookup = StatusLookup("`null`", default="firing")
    severity: str | Lookup = "`null`"
    starts_at: str | TimeLookup = "`null`"
    ends_at: str | TimeLookup = "`null`"
    annotations: dict[str, str | Lookup] = {}
    url: str = "`null`"
    fingerprint: str = "`null`"

    @classmethod
    def read(cls, options: Mapping[str, object]) -> "MappingOptions":
        """Raises ValueError naming the key that is wrong, missing or unknown."""
        try:
            return msgspec.convert(dict(options), cls)
        except msgspec.ValidationError as error:
            raise ValueError(str(error).replace("unknown field", "unknown option")) from error


class _Text:
    """One field that is text: compiled, with the place it has in the options."""

    def __init__(self, place: str, lookup: str | Lookup | StatusLookup) -> None:
        self.place = place
        if isinstance(lookup, str):
            lookup = Lookup(lookup)
        self._map: Mapping[str, str] = lookup.map
        self._default = lookup.default
        self._expression = _compiled(place, lookup.path)

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
    def __init__(self, place: str, lookup: str | TimeLookup) -> None:
        self.place = place
        if isinstance(lookup, str):
            lookup = TimeLookup(lookup)
        self._per_second = _PER_SECOND.get(lookup.form)
        self._expression = _compiled(place, lookup.path)

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
    """A compiled mapping. Raises ValueError naming the field whose expression is refused."""

    def __init__(self, options: MappingOptions) -> None:
        self._items = _compiled("items", options.items)
        self._status = _Text("status", options.status)
        self._severity = _Text("severity", options.severity)
        self._url = _Text("url", options.url)
        self._fingerprint = _Text("fingerprint", options.fingerprint)
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


def _texts(place: str, lookups: Mapping[str, str | Lookup]) -> list[tuple[str, _Text]]:
    return [(name, _Text(f"{place}.{name}", lookup)) for name, lookup in lookups.items()]


def _compiled(place: str, path: str) -> Expression:
    try:
        return Expression(path)
    except ValueError as error:
        raise ValueError(f"`{place}`: {error}") from error


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
