"""Label sets of tests, named by the real identifier."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from gateway.alerts.identity import Identifier, Identity
from gateway.alerts.ignored import IgnoredLabels
from gateway.alerts.rule import Rule
from gateway.alerts.severity import DEFAULT_WORDS
from gateway.alerts.sighting import Sighting

SEED = bytes(range(32))
NOON = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def sighting(labels: Mapping[str, str] | bytes, *, firing: bool = True, **more: Any) -> Sighting:
    """As an adapter would hand it on."""
    raw = labels if isinstance(labels, bytes) else orjson.dumps(labels)
    return Sighting(index=0, firing=firing, labels=raw, **more)


def identifier(
    rules: Sequence[Rule] = (), seed: bytes = SEED, ignored: Iterable[str] = ()
) -> Identifier:
    return Identifier(seed, rules, DEFAULT_WORDS, IgnoredLabels(frozenset(ignored)))


def identity(
    labels: Mapping[str, str] | bytes,
    source: str = "prometheus",
    ignored: Sequence[str] = (),
    rules: Sequence[Rule] = (),
    **more: Any,
) -> Identity:
    """What *labels* of *source* are named."""
    return identifier(rules, ignored=ignored).identify(1, source, sighting(labels, **more))
