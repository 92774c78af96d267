"""Summed sightings and strands of tests: firing and resolved, at so many minutes after noon."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import permutations

from gateway.alerts.identity import Identity
from gateway.moments import FOREVER
from gateway.windows.sightings import Summed
from gateway.windows.strand import Step, Strand, fold
from tests.alerts.identities import NOON, at, identity

DISK = identity({"alertname": "DiskFull", "instance": "db1"})


@dataclass(frozen=True, slots=True)
class Said:
    """One sighting of one strand. Minutes after noon; *time* is the start or the end named."""

    firing: bool
    received: float
    time: float | None = None
    silenced: bool = False
    lease: float | None = None
    about: str = "{}"
    """Its annotations, as JSON; empty: as they are."""


def fire(received: float, start: float | None = None, **more: object) -> Said:
    return Said(True, received, start, **more)  # type: ignore[arg-type]


def resolve(received: float, end: float | None = None) -> Said:
    return Said(False, received, end)


def cut(said: Said) -> Said:
    """An end in the future is none: intake takes the receipt for it."""
    is_ahead = not said.firing and said.time is not None and said.time > said.received
    return replace(said, time=None) if is_ahead else said


def orders(*all_said: Said) -> list[tuple[Said, ...]]:
    """Every order in which they can be delivered."""
    return list(permutations(all_said))


def summed(said: Said, count: int = 1, of: Identity = DISK) -> Summed:
    """A sum of one or more equal sightings, all received at once."""
    named = None if said.time is None else at(said.time)
    received = at(said.received)
    start = named if said.firing else None
    return Summed(
        identity=of,
        firing=said.firing,
        silenced=said.silenced,
        count=count,
        began_at=start,
        starts_at=start,
        ends_at=received if named is None else named,
        unended=not said.firing and named is None,
        first_received_at=received,
        received_at=received,
        lease_until=FOREVER if said.lease is None else at(said.lease),
        annotations=said.about.encode(),
        url="",
        source_fingerprint="",
    )


def new_strand(of: Identity = DISK) -> Strand:
    """One that nothing was seen of yet."""
    return Strand(
        strand=of.strand,
        fingerprint=of.fingerprint,
        labels=of.labels,
        severity=of.severity,
        first_seen=FOREVER,
        last_seen=NOON - timedelta(days=1),
    )


def folded(all_said: Iterable[Said]) -> tuple[Strand, list[Step]]:
    """A new strand after all of them, and what each did."""
    strand = new_strand()
    return strand, [fold(strand, summed(said)) for said in all_said]


def minutes(moment: datetime | None) -> float | None:
    """The inverse of `at`."""
    return None if moment is None else (moment - NOON) / timedelta(minutes=1)
