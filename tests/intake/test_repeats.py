"""A repeat is never news, and news is never called a repeat: both ways lead to the same rows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.alerts.rule import Rule
from gateway.alerts.sighting import Sighting
from gateway.errors import Conflict, Forbidden
from gateway.tickets.ticket import Ticket, TicketStatus
from matchers import parse
from tests.alerts.identities import at, sighting
from tests.intake.gateway_in_memory import MemoryGateway, minutes
from tests.intake.in_memory import MemoryLedger, as_values
from tests.intake.laws import check_laws
from tests.silences.silences import silence

RULES = [Rule("team", matchers=parse('team="x"'), group_by=("team",), window=minutes(20))]
LABELS: list[dict[str, str]] = [
    {"alertname": "Single"},
    {"alertname": "Pair", "replica": "a"},
    {"alertname": "Pair", "replica": "b", "severity": "critical"},
    {"alertname": "One", "team": "x"},
]
SILENCES = [
    silence(1, 'alertname="Single"', 30, 60),
    silence(2, 'replica="a"', 10, 45),
    silence(3, 'team="x"', 70, 90),
]
CPU = {"alertname": "Cpu"}
PARTED = frozenset({"replica"})
"""Every strand is an alert by itself: what several do to one within a batch is done in another
order where repeats are taken back, and so history may be another one (`lasting` is not).
"""
A_MOMENT = timedelta(milliseconds=1)
"""Between two acts: no two sightings are received at once."""

Act = Callable[[MemoryGateway, datetime], None]


def seen(number: int, firing: bool, start: int | None, more: Mapping[str, Any]) -> Sighting:
    time = {"starts_at" if firing else "ends_at": None if start is None else at(start)}
    return sighting(LABELS[number], firing=firing, **time, **more)


SIGHTINGS = st.builds(
    seen,
    number=st.integers(0, len(LABELS) - 1),
    firing=st.sampled_from([True, True, False]),
    start=st.sampled_from([None, 0, 1, 20, 50]),
    more=st.sampled_from(
        [{}, {}, {"annotations": b'{"v":"2"}'}, {"lease_until": at(100)}, {"severity": "low"}]
    ),
)
RECORDS = st.lists(
    st.tuples(st.sampled_from(["prometheus", "alertmanager"]), st.lists(SIGHTINGS, max_size=3)),
    min_size=1,
    max_size=3,
)


def cut(one: Sighting, now: datetime) -> Sighting:
    """As every adapter does: an end in the future is none."""
    is_ahead = one.ends_at is not None and one.ends_at > now
    return msgspec.structs.replace(one, ends_at=None) if is_ahead else one


def delivers(records: Sequence[tuple[str, Sequence[Sighting]]], times: int) -> Act:
    def act(gateway: MemoryGateway, now: datetime) -> None:
        for _ in range(times):
            gateway.deliver(
                *[(now, source, [cut(one, now) for one in seen]) for source, seen in records]
            )

    return act


def expires(number: int, heard: bool) -> Act:
    def act(gateway: MemoryGateway, now: datetime) -> None:
        strands = list(gateway.ledger.strands)
        gateway.expire(strands[number : number + 1], now, heard)

    return act


def steps(to: TicketStatus) -> Act:
    def act(gateway: MemoryGateway, now: datetime) -> None:
        for ticket in sorted(gateway.tickets, key=_opened)[-1:]:
            with suppress(Forbidden, Conflict):
                gateway.step(ticket, to, now)

    return act


def _opened(ticket: Ticket) -> tuple[datetime, bytes]:
    """Of those that one body opened, the order may be another: see `but_for_turns`."""
    return coarse(ticket.created_at), ticket.merge_key or b""


ACTS = st.one_of(
    st.builds(delivers, RECORDS, st.integers(1, 3)),
    st.builds(delivers, RECORDS, st.just(2)),
    st.builds(expires, st.integers(0, 3), st.booleans()),
    st.builds(steps, st.sampled_from(TicketStatus)),
)
TIMELINES = st.lists(st.tuples(st.sampled_from([0, 1, 5, 16, 31]), ACTS), max_size=12)


def names_of(ledger: MemoryLedger) -> dict[str | None, str | None]:
    """Tickets by merge key and turn: ids are made of chance."""
    turns: Counter[bytes | None] = Counter()
    names: dict[str | None, str | None] = {None: None}
    for key, ticket in ledger.tickets.items():
        turns[ticket.merge_key] += 1
        names[key] = f"{ticket.merge_key!r} {turns[ticket.merge_key]}"
    return names


def coarse(value: Any) -> Any:
    """Times to the millisecond: of sightings of one body, a sum is received with the last."""
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1_000 * 1_000)
    if isinstance(value, dict):
        return {key: coarse(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [coarse(inner) for inner in value]
    return value


def rows_of(ledger: MemoryLedger) -> dict[str, Any]:
    """All rows but for ids and versions."""
    names = names_of(ledger)
    strands = {key: as_values(strand) for key, strand in ledger.strands.items()}
    alerts = {key: as_values(alert) for key, alert in ledger.alerts.items()}
    windows = {key: as_values(window) for key, window in ledger.windows.items()}
    tickets = {names[key]: as_values(ticket) for key, ticket in ledger.tickets.items()}
    for alert in alerts.values():
        del alert["annotations"]  # of several strands: those of the last one in a batch
    for row in (*alerts.values(), *windows.values()):
        row["ticket_id"] = names[row["ticket_id"]]
    for ticket in tickets.values():
        del ticket["id"], ticket["history_head"]
        ticket["follows"] = names[ticket["follows"]]
    reports = {key: (one.last_seen, one.url) for key, one in ledger.reports.items()}
    told = {
        names[key]: [
            (one.entry.at, one.entry.actor, one.entry.field, one.entry.new) for one in history
        ]
        for key, history in ledger.history.items()
    }
    counted = {
        (names[ticket], alert): (link.before, link.after)
        for (ticket, alert), link in ledger.links.items()
    }
    episodes = {
        key: (one.rule, one.merge_key, names[one.ticket_id], one.starts_at, one.ends_at)
        for key, one in ledger.episodes.items()
    }
    return coarse(
        {
            "strands": strands,
            "alerts": alerts,
            "windows": windows,
            "tickets": tickets,
            "reports": reports,
            "history": told,
            "links": counted,
            "episodes": episodes,
        }
    )


def no_lease_is_shorter(remembering: MemoryLedger, forgetting: MemoryLedger) -> bool:
    """What a repeat promised is not known where another claim promised more: it is guessed."""
    return all(
        strand.lease_until >= forgetting.strands[key].lease_until
        for key, strand in remembering.strands.items()
        if strand.firing and strand.lease_until is not None
    )


def but_for_turns(ledger: MemoryLedger) -> dict[str, Any]:
    """All rows; but of a batch it is not known whether a repeat of one strand came before the news
    of another: what a ticket counts first, and a repeat's outcome, may be as of either.
    """
    rows = rows_of(ledger)
    for strand in rows["strands"].values():
        del strand["last_outcome"]
    rows["links"] = {key: after is None for key, (_, after) in rows["links"].items()}
    return rows


@settings(max_examples=400, deadline=None)
@given(TIMELINES)
def test_with_and_without_memory_of_what_is_confirmed_the_rows_are_the_same(
    timeline: Sequence[tuple[int, Act]],
) -> None:
    gateways = [MemoryGateway(RULES, PARTED, remembering) for remembering in (True, False)]
    for gateway in gateways:
        gateway.silence(*SILENCES)
        now = at(0)
        for gap, act in timeline:
            for moment in gateway.next_turn(now, now + minutes(gap)):
                gateway.turn(moment)
            now += minutes(gap) + A_MOMENT
            act(gateway, now)
            check_laws(gateway.ledger, now)
    remembering, forgetting = gateways
    assert but_for_turns(remembering.ledger) == but_for_turns(forgetting.ledger)
    assert no_lease_is_shorter(remembering.ledger, forgetting.ledger)
    assert forgetting.repeats == 0


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 5, 16, 31]), ACTS, st.integers(0, 1)), max_size=12)
)
def test_several_processes_that_remember_apart_lead_to_the_same_rows_as_one_that_forgets(
    timeline: Sequence[tuple[int, Act, int]],
) -> None:
    forgetting, first = (MemoryGateway(RULES, PARTED, which) for which in (False, True))
    processes = [first, MemoryGateway(RULES, PARTED, ledger=first.ledger)]
    for gateway in (forgetting, *processes):
        gateway.silence(*SILENCES)
    now = at(0)
    for gap, act, number in timeline:
        for gateway in (forgetting, processes[number]):
            for moment in gateway.next_turn(now, now + minutes(gap)):
                gateway.turn(moment)
        now += minutes(gap) + A_MOMENT
        act(forgetting, now)
        act(processes[number], now)
    assert but_for_turns(first.ledger) == but_for_turns(forgetting.ledger)
    assert no_lease_is_shorter(first.ledger, forgetting.ledger)


def firing(**more: Any) -> Sighting:
    return sighting(CPU, **{"starts_at": at(0), "url": "http://p/", **more})


def with_one_alert() -> MemoryGateway:
    """It was seen three times: with two starts at noon and five past, and once more."""
    gateway = MemoryGateway(RULES)
    for start in (at(0), at(5), at(5)):
        gateway.deliver((at(6), "prometheus", [firing(starts_at=start)]))
    assert gateway.repeats == 1
    return gateway


@pytest.mark.parametrize(
    "again",
    [firing(), firing(starts_at=at(5)), firing(starts_at=None)],
    ids=["first start", "last start", "no start"],
)
def test_what_would_change_counts_and_times_only_is_a_repeat(again: Sighting) -> None:
    gateway = with_one_alert()
    batch = gateway.deliver((at(7), "prometheus", [again]))
    assert (batch.news_count, gateway.repeats) == (0, 2)


@pytest.mark.parametrize(
    ("source", "news"),
    [
        ("prometheus", firing(starts_at=at(-1))),
        ("prometheus", firing(starts_at=at(3))),
        ("prometheus", firing(starts_at=at(6))),
        ("prometheus", firing(severity="page")),
        ("prometheus", firing(source_fingerprint="ab")),
        ("prometheus", sighting(CPU, firing=False, ends_at=at(-9))),
        ("prometheus", sighting(CPU, firing=False)),
        ("alertmanager", firing()),
    ],
    ids=["earlier", "between", "later", "worse", "name", "old end", "end", "other source"],
)
def test_what_would_change_anything_else_is_news(source: str, news: Sighting) -> None:
    gateway = with_one_alert()
    assert gateway.deliver((at(7), source, [news])).news_count == 1


def test_a_sighting_is_news_when_a_silence_begins_and_when_it_ends() -> None:
    gateway = with_one_alert()
    gateway.silence(silence(1, 'alertname="Cpu"', 10, 20))
    news = [
        gateway.deliver((at(minute), "prometheus", [firing()])).news_count
        for minute in (9, 10, 11, 20, 21)
    ]
    assert news == [0, 1, 0, 1, 0]


def test_a_sighting_is_news_when_a_quiet_ends() -> None:
    gateway = with_one_alert()
    gateway.step(gateway.tickets[0], TicketStatus.RESOLVED, at(7))
    news = [
        gateway.deliver((at(minute), "prometheus", [firing()])).news_count
        for minute in (8, 9, 37, 38)
    ]
    assert news == [1, 0, 1, 0]
    assert gateway.tickets[0].live


def test_a_lease_that_ran_out_makes_the_next_sighting_news_and_revives() -> None:
    gateway = with_one_alert()
    gateway.expire(list(gateway.ledger.strands), at(9), heard=True)
    assert not gateway.tickets[0].live
    assert gateway.deliver((at(10), "prometheus", [firing()])).news_count == 1
    assert gateway.tickets[0].live


def test_what_is_received_after_its_lease_is_news_before_the_ledger_says_so() -> None:
    gateway = MemoryGateway(RULES)
    news = []
    for minute, lease in ((0, 4), (3, 7), (6, 9), (9, 13), (10, 14)):
        leased = firing(lease_until=at(lease))
        news.append(gateway.deliver((at(minute), "prometheus", [leased])).news_count)
    assert news == [1, 0, 0, 1, 0]
    gateway.expire(list(gateway.ledger.strands), at(14), heard=True)
    assert gateway.deliver((at(15), "prometheus", [firing()])).news_count == 1
    assert gateway.refusals == 0
    assert gateway.tickets[0].live


PAIR = [{**CPU, "replica": name} for name in "ab"]


def both_firing(gateway: MemoryGateway) -> None:
    """Both replicas, without a start, and known to be so."""
    for _ in range(2):
        for labels in PAIR:
            gateway.deliver((at(6), "prometheus", [sighting(labels)]))
    assert all(strand.fires for strand in gateway.ledger.strands.values())


def test_the_lease_of_one_replica_runs_out_and_its_next_sighting_is_news() -> None:
    gateway = MemoryGateway(RULES)
    both_firing(gateway)
    first = next(iter(gateway.ledger.strands))
    gateway.expire([first], at(9), heard=True)
    gateway.deliver((at(10), "prometheus", [sighting(PAIR[0])]))
    assert gateway.ledger.strands[first].fires


def test_what_is_stale_of_an_expired_replica_does_not_hide_its_next_sighting() -> None:
    gateway = MemoryGateway(RULES)
    gateway.deliver((at(2), "prometheus", [sighting(PAIR[0], firing=False, ends_at=at(1))]))
    current, stale = (sighting(PAIR[0], starts_at=at(start)) for start in (3, 0))
    gateway.deliver((at(4), "prometheus", [current, sighting(PAIR[1])]))
    first = next(iter(gateway.ledger.strands))
    gateway.expire([first], at(9), heard=True)
    gateway.deliver((at(10), "prometheus", [stale]))
    assert gateway.ledger.strands[first].expired
    gateway.deliver((at(11), "prometheus", [current]))
    assert gateway.ledger.strands[first].fires


def test_a_resolve_that_settles_what_had_expired_is_no_repeat() -> None:
    gateway = MemoryGateway(RULES)
    end = sighting(PAIR[0], firing=False, ends_at=at(2))
    gateway.deliver((at(2), "prometheus", [end]))
    gateway.deliver((at(3), "prometheus", [sighting(PAIR[1])]))
    gateway.expire(list(gateway.ledger.strands), at(9), heard=False)
    gateway.deliver((at(10), "prometheus", [sighting(PAIR[0], starts_at=at(1))]))
    gateway.deliver((at(11), "prometheus", [end]))
    assert not gateway.tickets[0].live


def test_a_replica_that_another_process_saw_end_is_news_to_all_when_it_fires_again() -> None:
    one = MemoryGateway(RULES)
    both_firing(one)
    other = MemoryGateway(RULES, ledger=one.ledger)
    other.deliver((at(7), "prometheus", [sighting(PAIR[0], firing=False)]))
    one.deliver((at(8), "prometheus", [sighting(PAIR[0])]))
    assert all(strand.fires for strand in one.ledger.strands.values())


def test_news_that_leaves_a_strand_as_it_was_makes_no_process_forget_it() -> None:
    one = with_one_alert()
    other = MemoryGateway(RULES, ledger=one.ledger)
    assert other.deliver((at(7), "alertmanager", [firing()])).news_count == 1
    assert one.deliver((at(8), "prometheus", [firing()])).news_count == 0
    assert one.refusals == 0


def test_a_resolve_sent_again_is_a_repeat_and_a_later_one_is_news() -> None:
    gateway = with_one_alert()
    news = [
        gateway.deliver((at(8), "prometheus", [sighting(CPU, firing=False, ends_at=end)]))
        for end in (at(7), at(7), at(6), at(8), None, None)
    ]
    assert [batch.news_count for batch in news] == [1, 0, 0, 1, 1, 1]
    assert [summed.firing for summed in news[0].news[1]] == [False]


def test_what_came_before_the_news_of_a_strand_goes_before_it() -> None:
    gateway = with_one_alert()
    end = sighting(CPU, firing=False, ends_at=at(9))
    batch = gateway.deliver(
        (at(8), "prometheus", [firing(), firing()]), (at(9), "prometheus", [end, firing()])
    )
    assert [(one.firing, one.count) for one in batch.news[1]] == [(True, 2), (False, 1), (True, 1)]
    assert batch.repeats[1] == {}


def test_the_newest_annotations_stand_whether_a_repeat_or_news_brought_them() -> None:
    gateway = with_one_alert()
    texts = [b'{"v":"1"}', b'{"v":"2"}', b'{"v":"1"}', b"{}"]
    for text in texts:
        gateway.deliver((at(8), "prometheus", [firing(annotations=text)]))
        [alert] = gateway.ledger.alerts.values()
        assert alert.annotations == text
    back = [(at(9), "prometheus", [firing(annotations=text)]) for text in (texts[0], b"{}")]
    assert gateway.deliver(*back).news_count == 0
    [alert] = gateway.ledger.alerts.values()
    assert alert.annotations == b"{}"
