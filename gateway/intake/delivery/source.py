"""What a source adapter is: a pure translation from a request's bytes to sightings.

An adapter does no I/O, reads no clock and knows nothing of HTTP; authentication, size limits and
answers are made once for all sources by `web`. Adding a source is adding one file to `sources/`
that defines `SOURCE`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.access.signatures import Signing
from gateway.alerts.sighting import Sighting
from gateway.errors import Refused
from gateway.intake.delivery.steps import Steps

DEFAULT_TENANT_NAME = "default"


class MalformedPayload(Refused):
    """The body as a whole cannot be read; nothing of it was taken. `code` is a metric label."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One item of a body that cannot become a sighting; kept raw as a dead letter."""

    index: int
    error: str
    """For people: names the field and what is wrong."""
    reason: str
    """A short fixed code, also a metric label: `labels`, `time`, `shape`, ..."""
    raw: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one body holds: sightings in the sender's order, and the items that were refused."""

    sightings: list[Sighting]
    rejected: list[Rejected] = field(default_factory=list)
    truncated: int = 0
    """How many alerts the sender says it left out."""
    by_labels: bool = field(default=False, compare=False)
    """Labels alone name every one: none has a discriminator or a severity beside them."""


Parse = Callable[[bytes, datetime], Steps[Delivery]]
"""`parse(body, received_at)`: total on any bytes; raises only MalformedPayload, in its steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """What every `[sources.NAME]` may hold; a kind that has options of its own inherits from it."""

    kind: str = ""
    """Empty: the name, if that is a kind."""
    resolve_timeout: timedelta | None = None


Mistake = tuple[tuple[str | int, ...], str]
"""Where below `[sources.NAME]`, as keys and numbers of elements, and what is wrong."""


def _nothing_more(options: object) -> Sequence[Mistake]:
    return ()


def _unsigned(options: object) -> Signing | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """One kind of sender: how to read it and what it expects to hear."""

    kind: str
    open: Callable[[Any], Parse]
    """From *options*."""
    options: type[SourceOptions] = SourceOptions
    """What `[sources.NAME]` may hold."""
    check: Callable[[Any], Sequence[Mistake]] = _nothing_more
    """What is wrong with *options* that have the right types."""
    signing: Callable[[Any], Signing | None] = _unsigned
    """How its sender signs, from *options*; None: it does not."""
    overload_status: int = 503
    """The answer this sender retries: 503, or 429 for N9E."""
    json_only: bool = True
    """Refuse another Content-Type with 415; False where senders are known to omit it."""
