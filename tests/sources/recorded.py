"""Recorded payloads taken apart: one alert, and what senders put around it.

Nobody says where a payload holds its alerts: it is where the kind's own adapter finds them.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gateway.intake.delivery.source import Delivery, MalformedPayload

Keys = tuple[str, ...]
Read = Callable[[bytes], Delivery]


@dataclass(frozen=True)
class Recorded:
    """A payload whose first alert fires."""

    body: Any
    item: Any
    """That alert, as the sender wrote it."""
    keys: Keys | None
    """From *body* to its list of alerts; empty if a body is the list, None if it is one alert."""

    @property
    def holds_list(self) -> bool:
        return self.keys is not None

    def around(self, items: list[Any]) -> Any:
        """The payload with *items* in it; exactly one where a body is one alert."""
        if self.keys is None:
            (alone,) = items
            return alone
        return _with(self.body, self.keys, items)


def recorded_in(body: bytes, read: Read) -> Recorded | None:
    """None if its first alert does not fire, or if the sender says that it left some out."""
    value = json.loads(body)
    if not _begins_with_fire(read, body):
        return None
    for keys, items in [((), _as_list(value)), *_lists_in(value)]:
        if items and _takes(read, _with(value, keys, [items[0]] * 2), 2):
            return Recorded(value, items[0], keys)
    return Recorded(value, value, None)


def _begins_with_fire(read: Read, body: bytes) -> bool:
    try:
        delivery = read(body)
    except MalformedPayload:
        return False
    return not delivery.truncated and any(one.firing for one in delivery.sightings[:1])


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _lists_in(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, list[Any]]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lists_in(inner, (*keys, key))
    elif isinstance(value, list) and keys:
        yield keys, value


def _with(value: Any, keys: Keys, items: list[Any]) -> Any:
    if not keys:
        return items
    return value | {keys[0]: _with(value[keys[0]], keys[1:], items)}


def _takes(read: Read, value: Any, count: int) -> bool:
    """As so many alerts, all of which fire."""
    try:
        delivery = read(json.dumps(value).encode())
    except MalformedPayload:
        return False
    firing = [sighting for sighting in delivery.sightings if sighting.firing]
    return len(firing) == count and not any(sighting.unmapped for sighting in firing)
