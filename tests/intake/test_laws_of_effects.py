"""Whatever sources, workers and people do, in any order: after each step the laws hold."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.alerts.rule import AutoResolve, Rule
from gateway.errors import Conflict, Forbidden
from gateway.silences.silence import Silence
from gateway.tickets.ticket import TicketStatus
from matchers import parse
from tests.alerts.identities import at, sighting
from tests.intake.gateway_in_memory import MemoryGateway, minutes
from tests.intake.laws import (
    check_counts_of_episodes,
    check_laws,
    check_laws_of_history,
    check_laws_without_people,
)
from tests.silences.silences import silence
from tests.windows.sums import minutes as minute_of

RULES = [
    Rule("team", matchers=parse('team=~".+"'), group_by=("team",), window=minutes(20)),
    Rule("kept", matchers=parse('alertname="Kept"'), auto_resolve=AutoResolve.NEVER),
]
OTHER_RULES: list[Sequence[Rule]] = [
    RULES[:1],
    [],
    [Rule("team", matchers=parse('team=~".+"'), group_by=("alertname",), window=minutes(5))],
    [Rule("all", group_by=("nothing",), window=minutes(5))],
    [
        Rule("team", RULES[0].matchers, window=minutes(3), group_by=("team",)),
        Rule("other", window=minutes(9), auto_resolve=AutoResolve.UNCLAIMED),
    ],
]
LABELS: list[dict[str, str]] = [
    {"alertname": "Single"},
    {"alertname": "Pair", "replica": "a"},
    {"alertname": "Pair", "replica": "b", "severity": "critical"},
    {"alertname": "One", "team": "x", "severity": "warning"},
    {"alertname": "Two", "team": "x", "severity": "critical"},
    {"alertname": "Two", "team": "x", "severity": "critical", "replica": "b"},
]
IGNORED = [frozenset(names) for names in ((), ("replica",), ("replica", "severity"), ("team",))]
NAMES = ["h1", "h2"]
SILENCED = ['alertname="Single"', 'replica="a"', 'team="x"', 'alertname="Two"']
SOURCES = st.sampled_from(["prometheus", "alertmanager"])


class Effects(RuleBasedStateMachine):
    """Sources and time only."""

    rules_of_gateway: Sequence[Rule] = RULES
    labels: Sequence[dict[str, str]] = LABELS

    def __init__(self) -> None:
        super().__init__()
        self.gateway = MemoryGateway(self.rules_of_gateway)
        self.now: datetime = at(0)

    @initialize(remembering=st.booleans())
    def a_process_starts(self, remembering: bool) -> None:
        """One that forgets takes all as news, and its strands stay: as a witness sees them."""
        self.gateway.remembering = remembering

    @rule(step=st.sampled_from([1, 2, 10, 16, 21, 40]))
    def time_passes(self, step: int) -> None:
        self.pass_time(step)

    def pass_time(self, step: int) -> None:
        """With what workers do meanwhile."""
        then = self.now + minutes(step)
        for moment in self.gateway.next_turn(self.now, then):
            self.gateway.turn(moment)
        self.now = then

    @rule(
        number=st.integers(0, len(LABELS)),
        source=SOURCES,
        firing=st.booleans(),
        ago=st.none() | st.sampled_from([0, 1, 5, 30]),
        about=st.sampled_from([b'{"summary":"one"}', b'{"summary":"two"}']),
        times=st.integers(1, 3),
    )
    def something_is_seen(
        self, number: int, source: str, firing: bool, ago: int | None, about: bytes, times: int
    ) -> None:
        named = None if ago is None else self.now - minutes(ago)
        time = {"starts_at" if firing else "ends_at": named}
        labels = self.labels[number % len(self.labels)]
        one = sighting(labels, firing=firing, annotations=about, **time)
        for _ in range(times):
            self.gateway.deliver((self.now, source, [one]))

    @precondition(lambda self: self.gateway.ledger.strands)
    @rule(data=st.data(), heard=st.booleans())
    def a_lease_runs_out(self, data: st.DataObject, heard: bool) -> None:
        strand = data.draw(st.sampled_from(sorted(self.gateway.ledger.strands)))
        self.pass_time(1)
        self.gateway.expire([strand], self.now, heard)

    @rule()
    def silent_sources_are_heard_again(self) -> None:
        for fingerprint, alert in sorted(self.gateway.ledger.alerts.items()):
            if alert.unconfirmed:
                self.gateway.hear_again(fingerprint, self.now)

    @invariant()
    def laws_hold(self) -> None:
        check_laws(self.gateway.ledger, self.now)
        if not self.gateway.remembering:
            check_laws_of_history(self.gateway.ledger, self.gateway.witness, self.now)


class WithoutPeople(Effects):
    """And silences that come and go."""

    rules_of_gateway = RULES[:1]

    @rule(
        spans=st.lists(
            st.tuples(st.sampled_from(SILENCED), st.integers(0, 5), st.integers(1, 60)), max_size=2
        )
    )
    def silences_change(self, spans: list[tuple[str, int, int]]) -> None:
        start = minute_of(self.now) or 0
        self.gateway.silence(*self._silences(start, spans))
        self.gateway.turn(self.now)

    def _silences(self, start: float, spans: list[tuple[str, int, int]]) -> list[Silence]:
        return [
            silence(number, text, start + wait, start + wait + length)
            for number, (text, wait, length) in enumerate(spans)
        ]

    @rule(rules=st.sampled_from(OTHER_RULES))
    def the_configuration_changes(self, rules: Sequence[Rule]) -> None:
        self.gateway.configure(rules)

    @precondition(lambda self: self.gateway.remembering)
    @rule(ignored=st.sampled_from(IGNORED))
    def other_labels_are_ignored(self, ignored: frozenset[str]) -> None:
        self.gateway.configure(ignored=ignored)

    @precondition(lambda self: self.gateway.remembering)
    @rule(name=st.sampled_from(NAMES), number=st.integers(0, 5), firing=st.booleans())
    def a_source_speaks_by_its_own_name(self, name: str, number: int, firing: bool) -> None:
        """Whose labels may be others each time."""
        one = sighting(self.labels[number], firing=firing, discriminator=name)
        self.gateway.deliver((self.now, "n9e", [one]))

    @invariant()
    def what_fires_is_shown_as_silenced_iff_a_silence_covers_it(self) -> None:
        silences = self.gateway.book.of(1)
        for strand in self.gateway.ledger.strands.values():
            if strand.firing:
                active = silences.active_ids(orjson.loads(strand.labels), self.now)
                assert strand.silenced is bool(active)

    @invariant()
    def laws_without_people_hold(self) -> None:
        check_laws_without_people(self.gateway.ledger)
        if not self.gateway.remembering:
            check_counts_of_episodes(self.gateway.ledger, self.gateway.witness)

    def teardown(self) -> None:
        """When everything is said to have ended, no ticket is live, and each strand has its key."""
        self.now += minutes(1)
        over = [sighting(labels, firing=False, ends_at=self.now) for labels in self.labels]
        named = [sighting({"a": "b"}, firing=False, discriminator=name) for name in NAMES]
        self.gateway.deliver((self.now, "prometheus", over), (self.now, "n9e", named))
        check_laws(self.gateway.ledger, self.now)
        assert not any(ticket.live for ticket in self.gateway.tickets)
        assert len(self.gateway.ledger.strands) <= len(self.labels) + len(NAMES)


class WithPeople(WithoutPeople):
    """Who take any way that the workflow has."""

    rules_of_gateway = RULES
    labels = (*LABELS, {"alertname": "Kept"})

    @precondition(lambda self: self.gateway.ledger.tickets)
    @rule(data=st.data(), to=st.sampled_from(TicketStatus))
    def somebody_moves_a_ticket(self, data: st.DataObject, to: TicketStatus) -> None:
        ticket = data.draw(st.sampled_from(self.gateway.tickets[-3:]))
        with suppress(Forbidden, Conflict):
            self.gateway.step(ticket, to, self.now)

    @precondition(lambda self: self.gateway.remembering and len(self.gateway.tickets) > 1)
    @rule(data=st.data())
    def somebody_finds_a_duplicate(self, data: st.DataObject) -> None:
        """A witness does not see it."""
        pair = st.lists(st.sampled_from(self.gateway.tickets[-4:]), min_size=2, max_size=2)
        ticket, original = data.draw(pair.filter(lambda two: two[0].id != two[1].id))
        with suppress(Conflict):
            self.gateway.mark_duplicate(ticket, original, self.now)

    @precondition(lambda self: any(one.duplicate_of for one in self.gateway.tickets))
    @rule(data=st.data())
    def somebody_finds_that_it_is_none(self, data: st.DataObject) -> None:
        duplicates = [one for one in self.gateway.tickets if one.duplicate_of]
        with suppress(Conflict):
            self.gateway.unmark_duplicate(data.draw(st.sampled_from(duplicates)), self.now)

    @invariant()
    def laws_without_people_hold(self) -> None:
        """They need not."""

    def teardown(self) -> None:
        """People may keep a ticket open."""


for machine in (WithoutPeople, WithPeople):
    machine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestWithoutPeople = WithoutPeople.TestCase
TestWithPeople = WithPeople.TestCase
