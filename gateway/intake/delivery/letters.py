"""Dead letters: seen by people, and taken in again once they can be read.

A letter is taken in again through the journal, like a delivery, under its digest. The transaction
that applies the record marks the letter; a record whose letter is marked already does nothing. So
however often it is asked for, and whoever dies meanwhile, a letter is taken in once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.errors import NotFound
from gateway.intake.delivery.checker import Checked, Checker
from gateway.intake.delivery.sighting_letter import read_kept
from gateway.intake.delivery.source import MalformedPayload

LetterKey = tuple[str, bytes]
"""Source and digest."""
LetterPosition = tuple[datetime, str, bytes]
"""(first_seen, source, digest) of the last letter shown: lists are newest first."""


@dataclass(frozen=True, slots=True)
class LetterView:
    """Equal bytes refused for one reason."""

    source: str
    digest: bytes
    reason: str
    error: str
    raw: bytes
    """The beginning, if it was asked for no more."""
    raw_bytes: int
    """Of all of it."""
    count: int
    batch: str
    """Of the latest one."""
    first_seen: datetime
    last_seen: datetime

    @property
    def position(self) -> LetterPosition:
        """In the list."""
        return self.first_seen, self.source, self.digest


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """What is meant of those that wait; None: all."""

    keys: Collection[LetterKey] | None = None
    source: str | None = None
    reason: str | None = None


class LetterReader(Protocol):
    """Reads of one tenant's dead letters. Raises Unavailable while the ledger is away."""

    async def page(
        self,
        tenant: int,
        narrowed: LetterFilter,
        after: LetterPosition | None,
        limit: int,
        raw_bytes: int,
    ) -> Sequence[LetterView]:
        """Those that wait, newest first; of each at most *raw_bytes*."""


def read_letter(
    checker: Checker, source: str, tenant: int, raw: bytes, received_at: datetime
) -> Checked | None:
    """What a letter's bytes hold, as if they came now; None: they still cannot be read.

    A letter is a whole body, one alert out of a body, or a sighting that was read already.
    """
    kept = read_kept(raw, received_at)
    try:
        if kept is not None:
            return _if_read(checker.identified(source, tenant, [kept]))
        known = checker.source(source)
    except NotFound:
        return None
    for body in (raw, b"[%b]" % raw, b'{"alerts":[%b]}' % raw):
        try:
            checked = checker.check(known, tenant, body, received_at)
        except MalformedPayload:
            continue
        if _if_read(checked) is not None:
            return checked
    return None


def _if_read(checked: Checked) -> Checked | None:
    failed = any(sighting.unmapped for sighting in checked.sightings)
    return checked if checked.sightings and not failed else None
