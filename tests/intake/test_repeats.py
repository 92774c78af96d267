"""A repeat is never news, and news is never called a repeat: both ways lead to the same rows."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.alerts.rule import Rule
from gateway.alerts.sighting import Sighting
from gateway.errors import Conflict, Forbidden
from gateway.tickets.ticket import TicketStatus
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


def delivers(records: Sequence[tuple[str, Sequence[Sighting]]], times: int) -> Act:
    def act(gateway: MemoryGateway, now: datetime) -> None:
        for _ in range(times):
            gateway.deliver(*[(now, source, sightings) for source, sightings in records])

    return act


def expires(number: int, heard: bool) -> Act:
    def act(gateway: MemoryGateway, now: datetime) -> None:
        strands = list(gateway.ledger.strands)
        gateway.expire(strands[number : number + 1], now, heard)

    return act


def steps(to: TicketStatus) -> Act:
    def act(gateway: MemoryGateway, now: datetime) -> None:
        for ticket in gateway.tickets[-1:]:
            with suppress(Forbidden, Conflict):
                gateway.step(ticket, to, now)

    return act


ACTS = st.one_of(
    st.builds(delivers, RECORDS, st.integers(1, 3)),
    st.builds(delivers, RECORDS, st.just(2)),
    st.builds(expires, st.integers(0, 3), st.booleans()),
    st.builds(steps, st.sampled_from(TicketStatus)),
)
TIMELINES = st.lists(st.tuples(st.sampled_from([0, 1, 5, 16, 31]), ACTS), max_size=12)


def rows_of(ledger: MemoryLedger) -> dict[str, Any]:
    """All rows, with tickets named by the order of their opening, without versions."""
    names: dict[str | None, str | None] = {
        key: f"ticket {number}" for number, key in enumerate(ledger.tickets)
    }
    names[None] = None
    alerts = [as_values(alert) for alert in ledger.alerts.values()]
    for alert in alerts:
        alert["ticket_id"] = names[alert["ticket_id"]]
        del alert["annotations"]  # of several strands: see below
    tickets = [as_values(ticket) for ticket in ledger.tickets.values()]
    for ticket in tickets:
        ticket.update(id=names[ticket["id"]], follows=names[ticket["follows"]], history_head=b"")
    strands = [as_values(strand) for strand in ledger.strands.values()]
    for strand in strands:
        del strand["last_outcome"]  # of a batch that holds repeats, then news: that of either
    return {
        "strands": strands,
        "alerts": alerts,
        "tickets": tickets,
        "windows": [
            {**as_values(window), "ticket_id": names[window.ticket_id]}
            for window in ledger.windows.values()
        ],
        "reports": [{**asdict(report), "lease_until": None} for report in ledger.reports.values()],
        "events": [(event, names[key]) for event, key in ledger.events],
    }


@settings(max_examples=4000, deadline=None)
@given(TIMELINES)
def test_with_and_without_memory_of_what_is_confirmed_the_rows_are_the_same(
    timeline: Sequence[tuple[int, Act]],
) -> None:
    gateways = [MemoryGateway(RULES, remembering=remembering) for remembering in (True, False)]
    for gateway in gateways:
        gateway.silence(*SILENCES)
        now = at(0)
        for gap, act in timeline:
            for moment in gateway.next_turn(now, now + minutes(gap)):
                gateway.turn(moment)
            now += minutes(gap)
            act(gateway, now)
            check_laws(gateway.ledger, now)
    remembering, forgetting = gateways
    assert rows_of(remembering.ledger) == rows_of(forgetting.ledger)
    assert forgetting.repeats == 0
