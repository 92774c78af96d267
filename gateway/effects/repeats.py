"""Repeats, summed: asked of the absorber, held back by it, credited by the ledger."""

from datetime import datetime

import msgspec

from gateway.alerts.identity import Identity
from gateway.alerts.memory import Confirmed
from gateway.windows.sightings import Summed

ReportKey = tuple[int, bytes, str]
"""Tenant, strand and source: what one source says of a strand."""


class Asked(msgspec.Struct, gc=False):
    """Sightings of one report, to be held back if they change nothing."""

    version: int
    """Of the strand that the process knows; 0: these are news, and must pass."""
    count: int
    received_at: datetime
    lease_until: datetime | None
    unstarted_at: datetime | None
    """Receipt of the last one that named no start."""


class Held(msgspec.Struct, gc=False):
    """The counter of one report, with what was held and not credited to the ledger yet."""

    born: int
    """Names the counter: an erased one that begins again has another, greater, name."""
    count: int
    """Sightings since it was born: it only goes up."""
    uncredited: int
    """Of those, how many the ledger is not known to have."""
    version: int
    """Of the strand's row that they repeated, or of a later one if it is void."""
    received_at: datetime | None = None
    lease_until: datetime | None = None
    unstarted_at: datetime | None = None
    state: Confirmed | None = None
    """What they repeated; set if anything is uncredited."""
    void: bool = False
    """The strand has changed since: what was held goes to the ledger as what it repeated then."""


class Repeat(Asked, gc=False):
    """Mere repeats of one strand by one source, summed; times are greatests."""

    identity: Identity
    known: Confirmed
    annotations: bytes | None
    """Set if they differ from those last written."""
    url: str


def as_news(repeat: Repeat) -> list[Summed]:
    """What *repeat* sums up, to be folded like news. Some may have named a start, and some not."""
    unstarted_at, last = repeat.unstarted_at, repeat.received_at
    if unstarted_at is None or unstarted_at == last:
        return [_as_summed(repeat, repeat.count, last, started=unstarted_at is None)]
    return [
        _as_summed(repeat, 0, unstarted_at, started=False),
        _as_summed(repeat, repeat.count, last, started=True),
    ]


def _as_summed(repeat: Repeat, count: int, now: datetime, *, started: bool) -> Summed:
    known = repeat.known
    start = known.fired_at if known.firing and started else None
    return Summed(
        identity=repeat.identity,
        firing=known.firing,
        silenced=known.silenced,
        count=count,
        began_at=start,
        starts_at=start,
        ends_at=known.resolved_at or now,
        unended=False,
        first_received_at=now,
        received_at=now,
        lease_until=repeat.lease_until or now,
        annotations=repeat.annotations or b"",
        url=repeat.url,
        source_fingerprint=known.sources[repeat.identity.source],
    )
