"""Fields around a list of alerts: they apply to each that does not say otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
from msgspec import Raw

from gateway.intake.delivery.source import MalformedPayload
from gateway.reading.payload import OPENING_BRACE

MAX_SHARED_BYTES = 32 * 1024 * 1024
"""Of all alerts of one body together: what is said once must not become gigabytes."""

_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class FieldNames:
    """How the fields of a shape go together."""

    maps: tuple[str, ...]
    """Merged key by key."""
    instead: Mapping[str, str]
    """Field → another spelling of it: one's own of either stands instead of a shared one."""
    instead_of_key: Mapping[str, tuple[str, str]]
    """Field → the map and key that it is short for."""


def completion(names: FieldNames, shared: Mapping[str, Raw], count: int) -> Callable[[Raw], Raw]:
    """Gives an alert the *shared* fields that it lacks; what is no object stays as it is.

    Raises MalformedPayload if that would be too much for *count* alerts.
    """
    size = sum(len(name) + len(bytes(value)) for name, value in shared.items())
    if size * count > MAX_SHARED_BYTES:
        raise MalformedPayload(
            f"{size} bytes of shared fields for {count} alerts: more than"
            f" {MAX_SHARED_BYTES} together",
            code="too_large",
        )
    maps = {name: keys for name in names.maps if (keys := _map(shared.get(name))) is not None}
    return partial(_completed, names, shared, maps)


def _completed(
    names: FieldNames, shared: Mapping[str, Raw], maps: Mapping[str, Mapping[str, Raw]], alert: Raw
) -> Raw:
    own = _map(alert)
    if own is None:
        return alert
    whole = {name: raw for name, raw in shared.items() if names.instead.get(name) not in own} | own
    hidden = {place for name, place in names.instead_of_key.items() if name in own}
    for name, keys in maps.items():
        kept = {key: raw for key, raw in keys.items() if (name, key) not in hidden}
        if name not in own:
            whole[name] = Raw(_encode(kept))
        elif (own_keys := _map(own[name])) is not None:
            whole[name] = Raw(_encode(kept | own_keys))
    return Raw(_encode(whole))


def _map(raw: Raw | None) -> dict[str, Raw] | None:
    """What an object holds, nulls left out: they are not there. None for anything else."""
    if raw is None or bytes(raw)[0] != OPENING_BRACE:
        return None
    return {name: value for name, value in _FIELDS.decode(raw).items() if bytes(value) != b"null"}
