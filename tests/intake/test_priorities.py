"""Alerts raise their ticket's priority when they are worse than ever; nothing else does."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.alerts.opening import Level, TicketType
from gateway.alerts.rule import Rule
from gateway.alerts.severity import Severity
from gateway.tickets.priority import DEFAULT_MATRIX, priority_in
from gateway.tickets.ticket import PriorityBy, TicketStatus
from tests.alerts.identities import at
from tests.intake.gateway_in_memory import minutes
from tests.intake.story import CPU, Story
from tests.windows.sums import fire, resolve

Deed = tuple[str, str]
NAMES = ("One", "Two", "Three")
deeds = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from([str(one) for one in Severity])),
    st.tuples(st.just("person"), st.sampled_from([str(one) for one in Severity])),
    st.tuples(st.just("over"), st.just("")),
)


@given(st.lists(deeds, max_size=12), st.sampled_from(Level), st.sampled_from(Level))
@settings(deadline=None)
def test_the_priority_is_the_persons_word_unless_something_worse_came_after_it(
    done: Sequence[Deed], impact: Level, urgency: Level
) -> None:
    rule = Rule("r", group_by=("team",), window=minutes(1000), impact=impact, urgency=urgency)
    story, worst, wanted = Story(rule), None, Severity.LOW
    for minute, (who, word) in enumerate(done, start=1):
        if who in NAMES:
            labels, severity = {"alertname": who, "team": "x"}, Severity(word)
            story.tell(fire(minute, minute), of=labels, severity=word)
            if worst is None or severity.rank > worst.rank:
                found = priority_in(DEFAULT_MATRIX, severity, impact, urgency)
                wanted = found if worst is None else max(wanted, found, key=lambda one: one.rank)
                worst = severity
        elif worst is None:
            continue
        elif who == "person" and story.ticket.priority != word:
            story.gateway.edit(story.ticket, {"priority": word}, at(minute))
            wanted = Severity(word)
        elif who == "over":
            for name in NAMES:
                story.tell(resolve(minute, minute), of={"alertname": name, "team": "x"})
        if worst is not None:
            assert (story.ticket.severity, story.ticket.priority) == (worst, wanted)


def test_a_persons_lowering_survives_repeats_joins_and_reopenings_and_not_a_worse_alert() -> None:
    story = Story(Rule("r", group_by=("team",), window=minutes(60)))
    one, two = ({"alertname": name, "team": "x"} for name in ("One", "Two"))
    story.tell(fire(1, 0), of=one, severity="high")
    story.gateway.edit(story.ticket, {"priority": "low"}, at(2))
    assert story.tell(fire(3, 0), of=one, severity="high") == ["merged"]
    assert story.tell(fire(4, 4), of=two, severity="high") == ["joined"]
    story.tell(resolve(5, 5), of=one)
    story.tell(resolve(6, 6), of=two)
    assert story.tell(fire(7, 7), of=one, severity="high") == ["reopened"]
    assert (story.ticket.priority, story.ticket.priority_by) == (Severity.LOW, PriorityBy.PERSON)
    assert story.tell(fire(8, 8), of=two, severity="critical") == ["escalated"]
    assert story.ticket.priority is Severity.CRITICAL


def test_what_a_rule_says_of_its_tickets_is_so() -> None:
    rule = Rule(
        "r", impact=Level.HIGH, urgency=Level.LOW, type=TicketType.PROBLEM, project="OPS",
        group="db", workflow="incident_response",
    )  # fmt: skip
    story = Story(rule)
    story.tell(fire(1, 0), severity="medium")
    one = story.ticket
    assert (one.severity, one.impact, one.urgency) == (Severity.MEDIUM, Level.HIGH, Level.LOW)
    assert (one.priority, one.priority_by) == (Severity.MEDIUM, PriorityBy.MATRIX)
    assert (one.type, one.project, one.assignee_group) == (TicketType.PROBLEM, "OPS", "db")
    assert one.workflow == "incident_response"


def test_a_rules_own_priority_outweighs_the_matrix_and_its_severity_is_kept_all_the_same() -> None:
    story = Story(Rule("r", priority=Severity.LOW, impact=Level.HIGH))
    story.tell(fire(1, 0), severity="medium")
    assert story.tell(fire(2, 0), severity="critical") == ["merged"]
    one = story.ticket
    assert (one.priority, one.priority_by) == (Severity.LOW, PriorityBy.RULE)
    assert one.severity is Severity.CRITICAL


@pytest.mark.parametrize("severity", [str(one) for one in Severity])
def test_a_ticket_of_an_earlier_release_is_raised_by_what_is_worse_than_its_priority(
    severity: str,
) -> None:
    story = Story()
    story.tell(fire(1, 0), of=CPU, severity="medium")
    tickets = story.gateway.ledger.tickets
    tickets[story.ticket.id] = msgspec.structs.replace(story.ticket, severity=None)
    story.tell(fire(2, 0), of=CPU, severity=severity)
    worst = max(Severity(severity), Severity.MEDIUM, key=lambda one: one.rank)
    assert story.ticket.priority is worst
    assert story.ticket.status is TicketStatus.OPEN
