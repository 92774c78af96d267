"""A strand's state is made of greatests: any order of delivery gives the same one."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.moments import FOREVER
from gateway.windows.claims import BELIEVED_AFTER, MOST
from gateway.windows.strand import Step, Strand, fold
from tests.alerts.identities import at, identity
from tests.windows.sums import Said, cut, fire, folded, minutes, new_strand, orders, resolve, summed

QUARTER = BELIEVED_AFTER / timedelta(minutes=1)
TIMES = st.integers(min_value=-40, max_value=60)
SAID = st.builds(
    Said,
    firing=st.booleans(),
    received=st.integers(min_value=0, max_value=60),
    time=st.none() | TIMES,
    lease=st.none() | TIMES,
)


HISTORIES = st.lists(SAID.map(cut), min_size=1, max_size=8)


def lasting(strand: Strand) -> dict[str, Any]:
    """What must not depend on the order of delivery."""
    names = ("fired_at", "resolved_at", "unended_at", "unstarted_at", "last_resolve_at")
    counted = ("firing", "occurrences", "first_seen", "last_seen")
    running = ("started_at", "last_firing_at", "lease_until") if strand.firing else ()
    return {name: getattr(strand, name) for name in (*names, *counted, *running)}


def greatest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def end_of(said: Said) -> float:
    return said.received if said.time is None else said.time


def start_of(said: Said, resolves: Sequence[Said]) -> float | None:
    """When the firing began that *said* speaks of; None if a resolve has ended it."""
    believed_from = max((one.received for one in resolves), default=-1_000) + QUARTER
    for one in resolves:
        if said.time is None:
            over = said.received <= one.received
        elif one.time is None:
            over = min(said.time, said.received) <= one.received
        else:
            over = said.time <= one.time
        if over:
            return believed_from if said.received >= believed_from else None
    return said.received if said.time is None else said.time


def by_definition(history: Sequence[Said]) -> dict[str, Any]:
    """F, R and the rest, straight from the whole history."""
    firing = [said for said in history if said.firing]
    resolves = [said for said in history if not said.firing]
    starts = [(said, start_of(said, resolves)) for said in firing]
    standing = [(said, start) for said, start in starts if start is not None]
    leases = [None if said.lease is None else at(said.lease) for said, _ in standing]
    running = {
        "started_at": min(start for _, start in standing),
        "last_firing_at": max(said.received for said, _ in standing),
        "lease_until": FOREVER if None in leases else max(one for one in leases if one),
    } if standing else {}  # fmt: skip
    return {
        "fired_at": greatest([said.time for said in firing]),
        "resolved_at": greatest(
            [said.received if said.time is None else said.time for said in resolves]
        ),
        "unended_at": greatest([said.received for said in resolves if said.time is None]),
        "unstarted_at": greatest([said.received for said in firing if said.time is None]),
        "last_resolve_at": greatest([said.received for said in resolves]),
        "firing": bool(standing),
        "occurrences": len(history),
        "first_seen": min(said.received for said in history),
        "last_seen": max(said.received for said in history),
        **running,
    }


@given(HISTORIES)
def test_a_strand_is_what_its_whole_history_says(history: list[Said]) -> None:
    strand, _ = folded(history)
    expected = {
        name: at(value) if name.endswith(("_at", "_seen")) and value is not None else value
        for name, value in by_definition(history).items()
    }
    assert lasting(strand) == expected


@given(HISTORIES.flatmap(lambda history: st.tuples(st.just(history), st.permutations(history))))
def test_any_order_of_delivery_gives_the_same_strand(
    orders: tuple[list[Said], list[Said]],
) -> None:
    given_order, other_order = orders
    assert lasting(folded(given_order)[0]) == lasting(folded(other_order)[0])


@given(HISTORIES, st.data())
def test_duplicates_are_only_counted(history: list[Said], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=5))
    once, more = lasting(folded(history)[0]), lasting(folded([*history, *again])[0])
    assert more.pop("occurrences") == once.pop("occurrences") + len(again)
    assert more == once


@given(SAID, st.integers(min_value=1, max_value=1000))
def test_a_sum_counts_for_all_that_it_holds(said: Said, count: int) -> None:
    strand = new_strand()
    fold(strand, summed(said, count))
    assert strand.occurrences == count


@given(HISTORIES)
def test_what_a_fold_says_of_the_strand_is_what_became_of_it(history: list[Said]) -> None:
    strand = new_strand()
    for said in history:
        before, known = strand.firing, strand.occurrences > 0
        step = fold(strand, summed(said))
        assert strand.firing is bool(strand.claims)
        assert (step is Step.STARTED) is (not before and strand.firing)
        assert (step is Step.RESOLVED) is (before and not strand.firing)
        assert (step is Step.ORPHAN) is (not known and not said.firing)
        assert not said.firing or step in (Step.STARTED, Step.CONTINUED, Step.STALE)


@given(HISTORIES)
@example([resolve(1, 1), fire(2), fire(0, 2)])
def test_a_running_episode_has_a_start_and_it_lies_after_the_last_end(history: list[Said]) -> None:
    strand, _ = folded(history)
    if strand.firing:
        assert strand.started_at is not None
        assert strand.resolved_at is None or strand.started_at > strand.resolved_at


@given(st.lists(TIMES, min_size=MOST + 1, max_size=3 * MOST, unique=True))
def test_of_many_starts_the_first_ones_and_the_last_are_kept(starts: list[int]) -> None:
    strand, _ = folded([fire(60, start) for start in starts])
    kept = [minutes(claim.starts_at) for claim in strand.claims]
    assert kept == [*sorted(starts)[: MOST - 1], max(starts)]
    assert minutes(strand.started_at) == min(starts)


def test_a_fast_senders_alert_ends_with_a_resolve_that_names_no_end() -> None:
    strand, steps = folded([fire(1, 3), resolve(2), fire(5, 4)])
    assert steps == [Step.STARTED, Step.RESOLVED, Step.STARTED]
    assert not folded([fire(1, 3), resolve(2), fire(5, 4), resolve(6, 5)])[0].firing
    assert minutes(strand.started_at) == 4


@pytest.mark.parametrize("order", orders(fire(1, 3), fire(5, 4), resolve(2), resolve(6, 5)))
def test_a_clock_that_was_set_right_leaves_nothing_firing_in_any_order(
    order: Sequence[Said],
) -> None:
    assert not folded(order)[0].firing


def test_a_resolve_with_an_end_of_its_own_compares_times_however_late_it_comes() -> None:
    strand, _ = folded([fire(1, 3), resolve(10, 2)])
    assert strand.firing


@pytest.mark.parametrize("order", orders(fire(0, 0), fire(21, 20), resolve(30, 10)))
def test_the_running_episode_starts_after_the_last_end_in_every_order(
    order: Sequence[Said],
) -> None:
    assert minutes(folded(order)[0].started_at) == 20


@pytest.mark.parametrize("order", orders(fire(0, 0), fire(21, 20, lease=25), resolve(22, 10)))
def test_a_lease_ends_with_the_claim_that_it_came_with_in_every_order(
    order: Sequence[Said],
) -> None:
    assert minutes(folded(order)[0].lease_until) == 25


def test_mere_repeats_prolong_the_lease_of_the_newest_claim() -> None:
    strand, _ = folded([fire(0, 0, lease=60), fire(5, 4, lease=9)])
    strand.last_firing_at, strand.lease_until = at(8), at(60)  # as a credit leaves them
    fold(strand, summed(resolve(9, 2)))
    assert (minutes(strand.lease_until), minutes(strand.last_firing_at)) == (12, 8)


@pytest.mark.parametrize("order", orders(fire(1, 1), resolve(2, 2), fire(3, 3)))
def test_fire_resolve_fire_ends_firing_in_every_order(order: Sequence[Said]) -> None:
    strand, _ = folded(order)
    assert strand.firing
    assert (minutes(strand.started_at), minutes(strand.resolved_at)) == (3, 2)


@pytest.mark.parametrize("order", orders(fire(1, 1), resolve(2, 2), resolve(4, 2)))
def test_fire_resolve_resolve_ends_resolved_in_every_order(order: Sequence[Said]) -> None:
    assert not folded(order)[0].firing


def test_a_firing_that_began_before_the_end_is_stale() -> None:
    strand, steps = folded([fire(1, 1), resolve(5, 5), fire(6, 1), fire(7, 5)])
    assert steps[2:] == [Step.STALE, Step.STALE]
    assert not strand.firing


def test_a_firing_that_began_at_the_very_end_is_stale_and_one_after_it_is_not() -> None:
    assert not folded([resolve(5, 5), fire(6, 5)])[0].firing
    assert folded([resolve(5, 5), fire(6, 5.001)])[0].firing


def test_a_late_resolve_of_an_older_episode_does_not_end_the_newer() -> None:
    strand, steps = folded([fire(1, 1), fire(10, 9), resolve(11, 5)])
    assert steps == [Step.STARTED, Step.CONTINUED, Step.STALE]
    assert strand.firing
    assert minutes(strand.started_at) == 9


def test_a_stale_firing_changes_nothing_of_a_strand_that_fires() -> None:
    history = [fire(1, 1), resolve(5, 5), fire(6, 6, lease=10)]
    strand, _ = folded(history)
    strand.expired = True
    assert fold(strand, summed(fire(7, 2, silenced=True, lease=60))) is Step.STALE
    assert strand.expired
    assert not strand.silenced
    assert (minutes(strand.lease_until), minutes(strand.started_at)) == (10, 6)


def test_what_is_still_reported_a_quarter_of_an_hour_after_its_resolve_is_believed() -> None:
    almost = folded([fire(1, 1), resolve(5, 5), fire(5 + QUARTER - 0.001, 1)])
    assert almost[1][-1] is Step.STALE
    strand, steps = folded([fire(1, 1), resolve(5, 5), fire(10, 1), fire(5 + QUARTER, 1)])
    assert steps[2:] == [Step.STALE, Step.STARTED]
    assert minutes(strand.started_at) == 5 + QUARTER


def test_the_quarter_of_an_hour_begins_anew_with_every_resolve_received() -> None:
    strand, steps = folded([fire(1, 1), resolve(5, 5), resolve(12, 5), fire(21, 1), fire(27, 1)])
    assert steps == [Step.STARTED, Step.RESOLVED, Step.STALE, Step.STALE, Step.STARTED]
    assert strand.firing


def test_a_believed_strand_ends_with_its_next_resolve() -> None:
    strand, steps = folded([fire(1, 1), resolve(5, 5), fire(30, 1), resolve(31, 31)])
    assert steps[-1] is Step.RESOLVED
    assert not strand.firing


def test_without_named_starts_receipt_decides() -> None:
    strand, steps = folded([fire(1), fire(2), resolve(3), fire(4)])
    assert steps == [Step.STARTED, Step.CONTINUED, Step.RESOLVED, Step.STARTED]
    assert minutes(strand.started_at) == 4


def test_without_a_named_start_a_firing_joins_the_running_episode() -> None:
    strand, steps = folded([fire(5, 4), fire(6)])
    assert steps == [Step.STARTED, Step.CONTINUED]
    assert minutes(strand.started_at) == 4


@pytest.mark.parametrize("order", orders(fire(3), resolve(3)))
def test_fired_and_resolved_at_once_without_a_start_is_resolved(order: Sequence[Said]) -> None:
    assert not folded(order)[0].firing


def test_the_start_is_the_smallest_known_one_after_the_last_end() -> None:
    strand, _ = folded([resolve(1, 5), fire(10, 9), fire(11, 7), fire(12, 3), fire(13, 11)])
    assert minutes(strand.started_at) == 7


def test_a_later_start_alone_is_the_same_episode() -> None:
    assert folded([fire(1, 1), fire(9, 8)])[1] == [Step.STARTED, Step.CONTINUED]


def test_a_resolve_of_what_was_never_seen_is_an_orphan_once() -> None:
    strand, steps = folded([resolve(1, 1), resolve(2, 1)])
    assert steps == [Step.ORPHAN, Step.STALE]
    assert strand.occurrences == 2


def test_the_next_firing_revives_a_strand_whose_lease_ran_out() -> None:
    strand, _ = folded([fire(1, 1, lease=5)])
    strand.expired = True
    assert not strand.fires
    assert fold(strand, summed(fire(20, 1, lease=25))) is Step.REVIVED
    assert strand.fires
    assert (minutes(strand.started_at), minutes(strand.lease_until)) == (1, 25)


def test_a_resolve_ends_a_strand_whose_lease_ran_out() -> None:
    strand, _ = folded([fire(1, 1, lease=5)])
    strand.expired = True
    assert fold(strand, summed(resolve(20, 19))) is Step.RESOLVED
    assert not strand.expired


@pytest.mark.parametrize("order", orders(fire(1, 1, lease=9), fire(2, 1, lease=5)))
def test_the_lease_is_the_longest_promised_in_the_episode(order: Sequence[Said]) -> None:
    assert minutes(folded(order)[0].lease_until) == 9


def test_a_new_episode_has_its_own_lease() -> None:
    strand, _ = folded([fire(1, 1), resolve(2, 2), fire(3, 3, lease=7)])
    assert minutes(strand.lease_until) == 7


@pytest.mark.parametrize("order", orders(fire(1, 1, silenced=True), fire(2, 1)))
def test_the_newest_sighting_says_whether_it_is_silenced(order: Sequence[Said]) -> None:
    assert not folded(order)[0].silenced


def test_the_newest_sighting_says_how_severe_it_is_whenever_it_is_applied() -> None:
    labels = {"alertname": "DiskFull"}
    high, low = identity(labels, severity="high"), identity(labels, severity="low")
    late, early = summed(fire(2, 1), of=high), summed(fire(1, 1), of=low)
    for order in ([late, early], [early, late]):
        strand = new_strand(low)
        for one in order:
            fold(strand, one)
        assert strand.severity is high.severity
