"""In whatever order and batches records are applied: the same strands, alerts and live tickets."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.alerts.alert import Alert
from gateway.alerts.rule import Rule
from gateway.effects.sighting import apply_sighting
from gateway.windows.sightings import Summed
from matchers import parse
from tests.alerts.identities import at, identity, sighting
from tests.intake.gateway_in_memory import Delivery, MemoryGateway
from tests.intake.in_memory import MemoryLedger
from tests.intake.laws import (
    check_counts_of_episodes,
    check_laws,
    check_laws_of_history,
    check_laws_without_people,
    check_windows_and_annotations,
    live_keys,
    occurrences,
)
from tests.intake.test_repeats import rows_of
from tests.intake.witness import Witness
from tests.windows.sums import Said, cut, summed

TEAM = Rule("team", matchers=parse('team=~".+"'), group_by=("team",))
LABELS: list[dict[str, str]] = [
    {"alertname": "Single"},
    {"alertname": "Pair", "replica": "a"},
    {"alertname": "Pair", "replica": "b", "severity": "page"},
    {"alertname": "One", "team": "x"},
    {"alertname": "Two", "team": "x"},
    {"alertname": "Hidden", "team": "x"},
]
IDENTITIES = [
    identity(labels, source, ["replica", "severity"], [TEAM])
    for labels in LABELS
    for source in ("prometheus", "alertmanager")
]
HIDDEN = IDENTITIES[-1].fingerprint
"""Always silenced."""

Named = tuple[int, Said]
"""The place of an identity, and what is said of it."""
NAMED = st.tuples(
    st.integers(0, len(IDENTITIES) - 1),
    st.builds(
        Said,
        firing=st.booleans(),
        received=st.integers(0, 50),
        time=st.none() | st.integers(-10, 50),
        lease=st.none() | st.integers(51, 99),
        about=st.sampled_from(["", "{}", '{"summary":"one"}', '{"summary":"two"}']),
    ).map(cut),
)
HISTORIES = st.lists(NAMED, min_size=1, max_size=10)
CUTS = st.lists(st.integers(0, 10), max_size=4)


def apply(ledger: MemoryLedger, batch: Sequence[Named]) -> None:
    """One transaction."""
    known = [IDENTITIES[number] for number, _ in batch]
    rows = ledger.load_for(known)
    for named in batch:
        apply_sighting(rows, sighted(named))
    ledger.save(rows, 0)


def sighted(named: Named) -> Summed:
    """As it comes to the ledger."""
    one, said = IDENTITIES[named[0]], named[1]
    sum_of_one = summed(said, of=one)
    sum_of_one.silenced = said.firing and one.fingerprint == HIDDEN
    return sum_of_one


def applied(history: Sequence[Named], cuts: Sequence[int]) -> MemoryLedger:
    """*history*, cut into batches there."""
    ledger = MemoryLedger()
    bounds = sorted({0, len(history), *(cut for cut in cuts if cut < len(history))})
    for start, end in pairwise(bounds):
        apply(ledger, history[start:end])
    return ledger


def lasting(ledger: MemoryLedger) -> dict[str, Any]:
    """What must not depend on order or batches: all that design allows to is left out."""
    names = ("fired_at", "resolved_at", "unended_at", "unstarted_at", "last_resolve_at")
    names += ("firing", "occurrences", "first_seen", "last_seen")
    running = ("started_at", "lease_until")
    return {
        "strands": {
            key: [getattr(strand, name) for name in names + (running if strand.firing else ())]
            for key, strand in ledger.strands.items()
        },
        "alerts": {
            key: (
                alert.status,
                (alert.silenced, alert.severity, alert.starts_at) if alert.fires else alert.ends_at,
                started_episodes(ledger, alert) if alert.fires else None,
                alert.first_seen,
                occurrences(ledger, alert),
            )
            for key, alert in ledger.alerts.items()
        },
        "live": live_keys(ledger),
    }


def started_episodes(ledger: MemoryLedger, alert: Alert) -> list[datetime]:
    """The start of the running one."""
    return [
        episode.starts_at
        for episode in ledger.episodes.values()
        if episode.fingerprint == alert.fingerprint and episode.ends_at is None
    ]


@settings(max_examples=200, deadline=None)
@given(HISTORIES.flatmap(lambda all_: st.tuples(st.just(all_), st.permutations(all_))), CUTS)
def test_any_order_and_batches_give_the_same_strands_alerts_and_live_tickets(
    orders: tuple[Sequence[Named], Sequence[Named]], cuts: Sequence[int]
) -> None:
    assert lasting(applied(orders[0], [])) == lasting(applied(orders[1], cuts))


@settings(max_examples=300, deadline=None)
@given(HISTORIES, CUTS)
def test_episodes_windows_and_annotations_are_what_a_witness_of_each_sighting_says(
    history: Sequence[Named], cuts: Sequence[int]
) -> None:
    ledger, witness = MemoryLedger(), Witness()
    for named in history:
        apply(ledger, [named])
        witness.see(sighted(named))
        check_laws_of_history(ledger, witness, at(named[1].received))
        check_counts_of_episodes(ledger, witness)
    batched = applied(history, cuts)
    assert rows_of(batched) == rows_of(ledger)
    check_windows_and_annotations(batched, witness)


@settings(max_examples=200, deadline=None)
@given(HISTORIES)
def test_after_each_step_a_live_ticket_exists_iff_an_unsilenced_alert_of_its_key_fires(
    history: Sequence[Named],
) -> None:
    ledger, latest = MemoryLedger(), 0.0
    for named in history:
        apply(ledger, [named])
        latest = max(latest, named[1].received)
        check_laws(ledger, at(latest))
        check_laws_without_people(ledger)
        fire = (alert for alert in ledger.alerts.values() if alert.fires and not alert.silenced)
        assert live_keys(ledger) == sorted({alert.merge_key for alert in fire})


@settings(max_examples=100, deadline=None)
@given(HISTORIES, CUTS)
def test_applied_twice_to_empty_ledgers_gives_the_same_rows_but_for_the_ids_of_tickets(
    history: Sequence[Named], cuts: Sequence[int]
) -> None:
    def told(ledger: MemoryLedger) -> list[list[tuple[str, str, str | None]]]:
        return [
            [(row.entry.actor, row.entry.field, row.entry.new) for row in rows]
            for rows in ledger.history.values()
        ]

    one, other = applied(history, cuts), applied(history, cuts)
    assert lasting(one) == lasting(other)
    assert told(one) == told(other)
    assert [event for event, _ in one.events] == [event for event, _ in other.events]


MOMENTS = st.lists(st.integers(0, 3), min_size=1, max_size=12)
SIGHTINGS = st.tuples(
    st.sampled_from(LABELS),
    st.booleans(),
    st.none() | st.integers(0, 20),
    st.sampled_from([("prometheus", ""), ("alertmanager", ""), ("n9e", "h1")]),
)


def deliveries(gaps: Sequence[int], seen: Sequence[Any]) -> list[Delivery]:
    """Records in the order of receipt, one sighting each."""
    now, made = 0, []
    for gap, (labels, firing, ago, (source, name)) in zip(gaps, seen, strict=False):
        now += gap * 5
        named = None if ago is None else at(now - ago)
        time = {"starts_at" if firing else "ends_at": named}
        one = sighting(labels, firing=firing, discriminator=name, **time)
        made.append((at(now), source, [one]))
    return made


@settings(max_examples=150, deadline=None)
@given(MOMENTS, st.lists(SIGHTINGS, min_size=1, max_size=12), CUTS, st.booleans())
def test_however_records_are_collected_into_batches_the_outcome_lasts(
    gaps: Sequence[int], seen: Sequence[Any], cuts: Sequence[int], remembering: bool
) -> None:
    all_ = deliveries(gaps, seen)
    single = MemoryGateway([TEAM], remembering=remembering)
    for delivery in all_:
        single.deliver(delivery)
    batched = MemoryGateway([TEAM], remembering=remembering)
    bounds = sorted({0, len(all_), *(cut for cut in cuts if cut < len(all_))})
    for start, end in pairwise(bounds):
        batched.deliver(*all_[start:end])
    assert lasting(single.ledger) == lasting(batched.ledger)
    check_laws(batched.ledger, all_[-1][0])


@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_thousand_repeats_in_any_batches_are_one_ticket(size: int) -> None:
    gateway = MemoryGateway([TEAM])
    one = sighting({"alertname": "Cpu"}, starts_at=at(0))
    for number in range(0, 1_001, size):
        gateway.deliver(*[(at(number / 100), "prometheus", [one])] * min(size, 1_001 - number))
    [ticket], [alert] = gateway.tickets, gateway.ledger.alerts.values()
    assert occurrences(gateway.ledger, alert) == 1_001
    assert (ticket.episodes, ticket.firing) == (1, 1)
    assert len(gateway.ledger.history[ticket.id]) == 1
