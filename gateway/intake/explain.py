"""Explain: the way of an alert, walked without leaving a trace, with a reason at every step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson

from gateway.alerts.identity import Identity
from gateway.alerts.outcome import Outcome
from gateway.intake.batch.collect import receipts_of, sum_of_one
from gateway.intake.delivery.checker import Checked
from gateway.intake.delivery.source import Rejected
from gateway.silences.book import TenantSilences
from gateway.silences.silence import Silence
from gateway.tickets.ticket import Ticket
from gateway.windows.sightings import Summed
from matchers import Matcher

NEAREST = 3
"""Silences that do not match, but nearly do."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would become of a sighting, and the ticket as it would be then."""

    outcome: Outcome
    ticket: Ticket | None
    opened: bool
    quiet_until: datetime | None
    """A person has ended that ticket: until then the alert makes no noise for it."""


class Rehearsal(Protocol):
    """Applies sightings in order, as the ledger would, and undoes it all."""

    async def rehearse(self, tenant: int, sightings: Sequence[Summed]) -> Sequence[Rehearsed]:
        """One for each sighting. Raises Unavailable while the ledger is away."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An active silence that does not hide the alert, and the matchers that fail."""

    silence: Silence
    failed: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One alert's way."""

    index: int
    identity: Identity
    labels: Mapping[str, str]
    firing: bool
    silenced_by: Sequence[Silence]
    near_misses: Sequence[NearMiss]
    rehearsed: Rehearsed


async def explain(
    checked: Checked, silences: TenantSilences, rehearsal: Rehearsal, tenant: int, now: datetime
) -> tuple[list[Explanation], list[Rejected]]:
    """Everything of one body as of *now*; what would be refused is given as well."""
    receipts = receipts_of(now, len(checked.sightings))
    summed = [
        sum_of_one(
            identity,
            sighting,
            sighting.firing and silences.silences(identity, now),
            received_at,
            checked.resolve_timeout,
        )
        for (identity, sighting), received_at in zip(checked.identified(), receipts, strict=True)
    ]
    rehearsed = await rehearsal.rehearse(tenant, summed)
    explanations = []
    for (identity, sighting), became in zip(checked.identified(), rehearsed, strict=True):
        labels: dict[str, str] = orjson.loads(identity.labels)
        hiding = [silence for silence in silences.matching(labels) if silence.covers(now)]
        explanations.append(
            Explanation(
                index=sighting.index,
                identity=identity,
                labels=labels,
                firing=sighting.firing,
                silenced_by=hiding,
                near_misses=near_misses(silences, labels, now),
                rehearsed=became,
            )
        )
    return explanations, checked.rejected


def near_misses(
    silences: TenantSilences, labels: Mapping[str, str], now: datetime
) -> list[NearMiss]:
    """Active silences that fail by the fewest matchers, but demand something the alert has."""
    missed = []
    for silence in silences.all():
        if not silence.covers(now):
            continue
        failed = tuple(one for one in silence.matchers if not one.matches(labels))
        if 0 < len(failed) < len(silence.matchers) or (failed and len(silence.matchers) == 1):
            missed.append(NearMiss(silence, failed))
    missed.sort(key=lambda miss: (len(miss.failed), miss.silence.id))
    return missed[:NEAREST]
