"""Records become a batch: nothing is lost, news keeps its order, equal sightings are summed."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.alerts.identity import IdentityCache
from gateway.alerts.sighting import Sighting
from gateway.intake.batch.collect import add_record, lease_of
from gateway.intake.batch.pace import PipelineOptions
from gateway.intake.delivery.checker import Checked
from gateway.intake.delivery.source import Rejected
from gateway.intake.journal import Record
from gateway.intake.ledger import Batch, Heard
from gateway.moments import FOREVER
from gateway.silences.book import SilenceBook, TenantSilences
from tests.alerts.identities import at, identifier, sighting
from tests.silences.silences import silence

CPU, MEMORY = {"alertname": "Cpu"}, {"alertname": "Memory"}


class Collector:
    """One batch, filled record by record."""

    def __init__(self) -> None:
        self.cache = IdentityCache(identifier())
        self.book = SilenceBook()
        self.batch = Batch("journal", 0)
        self.sequence = 0

    def add(
        self,
        minute: float,
        *sightings: Sighting,
        source: str = "prometheus",
        tenant: int = 1,
        resolve_timeout: timedelta | None = None,
        rejected: tuple[Rejected, ...] = (),
    ) -> None:
        self.sequence += 1
        found = [self.cache.identify(tenant, source, one) for one in sightings]
        checked = Checked(found, list(sightings), list(rejected), resolve_timeout=resolve_timeout)
        record = Record(self.sequence, at(minute), tenant, source, b"")
        add_record(self.batch, record, checked, self.book)

    def news(self, tenant: int = 1) -> list[tuple[str, bool, int]]:
        """(labels, firing, count) of each sum, in order."""
        sums = self.batch.news.get(tenant, [])
        return [(one.identity.labels.decode()[14:-2], one.firing, one.count) for one in sums]


def fire(labels: dict[str, str] = CPU, **more: Any) -> Sighting:
    return sighting(labels, **{"starts_at": at(0), **more})


def end(labels: dict[str, str] = CPU, **more: Any) -> Sighting:
    return sighting(labels, firing=False, **more)


def test_equal_sightings_of_a_strand_in_a_row_are_summed() -> None:
    collector = Collector()
    collector.add(1, fire(), fire(MEMORY), fire())
    collector.add(2, fire(annotations=b'{"a":"b"}', lease_until=at(9)))
    assert collector.news() == [("Cpu", True, 3), ("Memory", True, 1)]
    summed = collector.batch.news[1][0]
    assert (summed.first_received_at, summed.received_at) == (at(1), at(2))
    assert (summed.annotations, summed.lease_until) == (b'{"a":"b"}', FOREVER)
    assert (collector.batch.sightings, collector.batch.last) == (4, 2)


@pytest.mark.parametrize(
    ("other", "source"),
    [
        (end(ends_at=at(1)), "prometheus"),
        (fire(starts_at=at(1)), "prometheus"),
        (fire(starts_at=None), "prometheus"),
        (fire(severity="page"), "prometheus"),
        (fire(), "alertmanager"),
    ],
    ids=["end", "start", "no start", "severity", "source"],
)
def test_sightings_that_differ_stay_apart_and_in_order(other: Sighting, source: str) -> None:
    collector = Collector()
    collector.add(1, fire())
    collector.add(1, other, source=source)
    collector.add(1, fire())
    assert [count for _, _, count in collector.news()] == [1, 1, 1]


def test_a_sum_ends_where_a_silence_begins() -> None:
    collector = Collector()
    collector.book.put(1, TenantSilences(7, [silence(1, 'alertname="Cpu"', 2, 3)]))
    for minute in (1, 1.5, 2, 2.5, 3):
        collector.add(minute, fire())
    assert [(one.silenced, one.count) for one in collector.batch.news[1]] == [
        (False, 2), (True, 2), (False, 1),
    ]  # fmt: skip
    assert collector.batch.silence_versions == {1: 7}


def test_a_resolve_is_never_silenced() -> None:
    collector = Collector()
    collector.book.put(1, TenantSilences(1, [silence(1, 'alertname="Cpu"', 0, 60)]))
    collector.add(1, end())
    assert not collector.batch.news[1][0].silenced


def test_an_end_that_is_not_named_is_the_time_of_receipt() -> None:
    collector = Collector()
    collector.add(4, end())
    collector.add(5, end(MEMORY, ends_at=at(2)))
    assert [one.ends_at for one in collector.batch.news[1]] == [at(4), at(2)]


def test_what_was_rejected_becomes_a_dead_letter_that_names_its_record() -> None:
    collector = Collector()
    collector.add(1, fire())
    collector.add(2, rejected=(Rejected(3, "/3/labels: none", "labels", b"{}"),))
    [letter] = collector.batch.dead
    assert (letter.reason, letter.error, letter.raw) == ("labels", "/3/labels: none", b"{}")
    assert (letter.batch, letter.at, letter.source) == ("journal-2", at(2), "prometheus")


def test_an_empty_delivery_is_still_a_sign_of_life_of_its_source() -> None:
    collector = Collector()
    for minute in (1, 2, 4):
        collector.add(minute)
    assert collector.batch.heard == {(1, "prometheus"): Heard(at(1), at(4))}
    assert (collector.batch.last, collector.batch.news_count) == (3, 0)


def test_a_batch_is_full_by_its_sightings_or_by_the_strands_that_are_repeated_in_it() -> None:
    batch = Batch("journal", 0)
    by_sightings = PipelineOptions(max_sightings=2, max_strands=9)
    by_strands = PipelineOptions(max_sightings=9, max_strands=2)
    batch.sightings = 1
    assert not by_sightings.full(batch)
    batch.sightings = 2
    assert by_sightings.full(batch)
    assert not by_strands.full(batch)
    some: Any = None  # whatever it is
    batch.repeats = {n: {(n, b"a", "prometheus"): some} for n in (1, 2)}
    assert by_strands.full(batch)


def test_tenants_are_kept_apart() -> None:
    collector = Collector()
    collector.add(1, fire(), tenant=2)
    collector.add(1, fire(), fire(), tenant=1)
    assert (collector.news(1), collector.news(2)) == ([("Cpu", True, 2)], [("Cpu", True, 1)])
    assert collector.batch.tenants() == [1, 2]


@pytest.mark.parametrize(
    ("lease", "timeout", "until"),
    [
        (None, None, FOREVER),
        (None, timedelta(minutes=5), at(6)),
        (at(3), None, at(3)),
        (at(3), timedelta(minutes=5), at(3)),
    ],
)
def test_a_lease_is_what_the_sender_promised_else_the_sources_timeout_else_endless(
    lease: Any, timeout: timedelta | None, until: Any
) -> None:
    assert lease_of(fire(lease_until=lease), at(1), timeout) == until
    collector = Collector()
    collector.add(1, fire(lease_until=lease), resolve_timeout=timeout)
    assert collector.batch.news[1][0].lease_until == until
