"""Silences that come and go: what fires is judged anew by the silences of the moment."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson

from gateway.effects.sighting import reconsider
from gateway.effects.working_set import WorkingSet
from gateway.silences.book import TenantSilences
from gateway.upkeep.piece import Wanted


class SilencesStand(NamedTuple):
    """A tenant that has ever had a silence."""

    tenant: int
    version: int
    """Of its silences."""
    has_ended: bool
    """One has ended, and what it held was not all handed back yet."""


class Labelled(NamedTuple):
    """A strand as it was found."""

    strand: bytes
    fingerprint: bytes
    labels: bytes


def turned(
    found: Iterable[Labelled], silences: TenantSilences, now: datetime, *, silenced: bool
) -> set[bytes]:
    """Of strands that were *silenced*, or were not, the alerts of those of which the opposite is
    true by now.
    """
    return {
        one.fingerprint
        for one in found
        if silenced is not bool(silences.active_ids(orjson.loads(one.labels), now))
    }


@dataclass(frozen=True, slots=True)
class FollowSilences:
    """Bring alerts up to the silences of the moment."""

    alerts: Collection[bytes]
    last: bytes
    """The last strand that was looked at: where the next piece begins."""
    silences: TenantSilences

    def needs(self) -> Wanted:
        """The alerts."""
        return Wanted(self.alerts)

    def decide(self, rows: WorkingSet, now: datetime) -> None:
        """Judge them all."""
        for fingerprint in sorted(rows.alerts):
            judge(rows, fingerprint, self.silences, now)


def judge(
    rows: WorkingSet,
    fingerprint: bytes,
    silences: TenantSilences,
    now: datetime,
) -> None:
    """Silence verdicts of all strands of an alert as of *now*, then the decision."""
    for strand in rows.strands_of.get(fingerprint, ()):
        if strand.firing:
            strand.silenced = bool(silences.active_ids(orjson.loads(strand.labels), now))
            rows.changed_strands.add(strand.strand)
    reconsider(rows, fingerprint, now, rows.rule_named(rows.alerts[fingerprint].rule))
