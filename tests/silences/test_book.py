"""The silence book: a strand is judged by all its labels, at the time of its record, by version."""

import gc
import weakref
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.silences.book import SilenceBook, TenantSilences
from gateway.silences.silence import Silence
from tests.alerts.identities import at, identity
from tests.silences.silences import silence

LABELS = {"alertname": "Cpu", "instance": "db1", "replica": "1"}
CPU = identity(LABELS, ignored=["replica"])
TEXTS = ['alertname="Cpu"', 'alertname=~"C.*"', 'instance!="db1",alertname="Cpu"', 'team="x"']
SILENCES = st.lists(
    st.tuples(st.sampled_from(TEXTS), st.integers(0, 9), st.integers(0, 9)), max_size=6
).map(lambda spans: [silence(n, *span) for n, span in enumerate(spans)])


class Counting(TenantSilences):
    """Counts how often labels are really looked at."""

    looked = 0

    def matching(self, labels: dict[str, str]) -> list[Silence]:
        self.looked += 1
        return list(super().matching(labels))


@given(SILENCES, st.integers(-1, 10))
def test_a_strand_is_silenced_iff_a_silence_that_matches_it_is_active(
    silences: list[Silence], minute: int
) -> None:
    now = at(minute)
    expected = [
        one.id
        for one in silences
        if one.starts_at <= now < one.ends_at and all(m.matches(LABELS) for m in one.matchers)
    ]
    book = TenantSilences(1, silences)
    assert sorted(book.active_ids(LABELS, now)) == sorted(expected)
    assert book.silences(identity(LABELS), now) is bool(expected)


def test_ignored_labels_are_looked_at() -> None:
    assert TenantSilences(1, [silence(1, 'replica="1"')]).silences(CPU, at(0))
    assert not TenantSilences(1, [silence(1, 'replica="2"')]).silences(CPU, at(0))


def test_the_verdict_is_that_of_the_records_time_whenever_it_is_given() -> None:
    book = TenantSilences(1, [silence(1, 'alertname="Cpu"', 10, 20)])
    asked = [30, 15, 5, 10, 20]
    assert [book.silences(CPU, at(minute)) for minute in asked] == [False, True, False, True, False]


def test_labels_are_looked_at_once_a_version() -> None:
    one = identity(LABELS)
    first = Counting(1, [silence(1, 'alertname="Cpu"', 10, 20)])
    assert [first.silences(one, at(minute)) for minute in (5, 15, 25)] == [False, True, False]
    assert first.looked == 1
    second = Counting(2, [silence(1, 'alertname="Mem"', 10, 20)])
    assert not second.silences(one, at(15))
    assert not second.silences(one, at(16))
    assert (first.looked, second.looked) == (1, 1)


def test_an_old_version_is_not_kept_by_the_strands_that_it_judged() -> None:
    one, book = identity(LABELS), TenantSilences(1, [silence(1, 'alertname="Cpu"')])
    assert book.silences(one, at(0))
    old = weakref.ref(book)
    del book
    gc.collect()
    assert old() is None


def test_a_tenant_that_was_not_read_yet_has_no_silences_and_an_impossible_version() -> None:
    silences = SilenceBook().of(7)
    assert (silences.version, silences.empty, list(silences.all())) == (-1, True, [])
    assert not silences.silences(CPU, at(0))


def test_tenants_do_not_see_each_others_silences() -> None:
    book = SilenceBook()
    book.put(1, TenantSilences(4, [silence(1, 'alertname="Cpu"')]))
    book.put(2, TenantSilences(5))
    assert book.of(1).silences(identity(LABELS), at(0))
    assert not book.of(2).silences(identity(LABELS), at(0))
    assert (book.of(1).version, book.of(2).version) == (4, 5)


def test_a_newer_version_takes_the_place_of_the_older() -> None:
    book = SilenceBook()
    book.put(1, TenantSilences(1, [silence(1, 'alertname="Cpu"')]))
    assert book.of(1).silences(CPU, at(0))
    book.put(1, TenantSilences(2, [silence(2, 'alertname="Mem"')]))
    assert not book.of(1).silences(CPU, at(0))
    assert [one.id for one in book.of(1).all()] == [UUID(int=2)]


def test_verdicts_may_change_only_when_a_start_or_an_end_has_come() -> None:
    book = TenantSilences(1, [silence(1, 'a="b"', 5, 60), silence(2, 'a="c"', 0, 5)])
    assert [book.turned(at(minute)) for minute in (-1, 0, 4.9, 5, 59, 60, 99)] == [
        0, 1, 1, 3, 3, 4, 4,
    ]  # fmt: skip
