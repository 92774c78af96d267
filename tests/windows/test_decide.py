"""The decision is total: every combination of facts, against the three rules written out anew."""

from dataclasses import replace
from itertools import product

import pytest

from gateway.alerts.outcome import Outcome
from gateway.windows.decide import (
    Action,
    AlertState,
    Facts,
    TicketState,
    decide,
    outcome_of,
)
from gateway.windows.strand import Step

BOTH = (False, True)
ALL_FACTS = [
    Facts(**dict(zip(Facts.__slots__, values, strict=True)))
    for values in product(AlertState, TicketState, *[BOTH] * 5)
]
FALLS_SILENT = {AlertState.OVER, AlertState.EXPIRED}


def by_the_rules(facts: Facts) -> Action:
    """The rules as people are told them, not as they are programmed."""
    must_have_live_ticket = facts.alert is AlertState.FIRING
    is_live = facts.ticket is TicketState.LIVE
    if must_have_live_ticket and not is_live:
        was_resolved_lately = facts.ticket is TicketState.RESOLVED and facts.window_open
        return Action.REOPEN if was_resolved_lately else Action.OPEN
    if must_have_live_ticket and not facts.linked:
        return Action.JOIN
    falls_silent = facts.stopped and facts.alert in FALLS_SILENT
    is_last_to_fall_silent = falls_silent and facts.linked and not facts.others_fire
    if is_live and is_last_to_fall_silent and facts.may_resolve:
        return Action.RESOLVE
    return Action.NOTHING


def test_there_are_as_many_facts_as_combinations() -> None:
    assert len(set(ALL_FACTS)) == 6 * 4 * 2**5


def test_every_combination_of_facts_is_decided_by_the_three_rules() -> None:
    wrong = {
        facts: decide(facts) for facts in ALL_FACTS if decide(facts) is not by_the_rules(facts)
    }
    assert wrong == {}


def test_a_heard_alert_has_a_live_ticket_after_every_decision() -> None:
    for facts in ALL_FACTS:
        if facts.alert is AlertState.FIRING:
            action = decide(facts)
            on_live = facts.ticket is TicketState.LIVE and facts.linked
            assert on_live is (action is Action.NOTHING), facts
            assert action is not Action.RESOLVE, facts


def test_a_ticket_is_never_opened_or_reopened_beside_a_live_one() -> None:
    for facts in ALL_FACTS:
        if facts.ticket is TicketState.LIVE:
            assert decide(facts) not in (Action.OPEN, Action.REOPEN), facts


def test_what_is_said_of_an_alert_that_was_over_already_resolves_nothing() -> None:
    for facts in ALL_FACTS:
        if not facts.stopped:
            assert decide(facts) is not Action.RESOLVE, facts


def test_only_a_resolved_ticket_whose_window_is_open_is_reopened() -> None:
    for facts in ALL_FACTS:
        if decide(facts) is Action.REOPEN:
            assert (facts.ticket, facts.window_open) == (TicketState.RESOLVED, True), facts


def test_an_alert_joins_only_a_live_ticket_that_it_is_not_on() -> None:
    for facts in ALL_FACTS:
        if decide(facts) is Action.JOIN:
            assert (facts.ticket, facts.linked) == (TicketState.LIVE, False), facts


def test_a_ticket_is_resolved_by_system_whether_its_window_has_ended_or_not() -> None:
    for facts in ALL_FACTS:
        if decide(facts) is Action.RESOLVE:
            assert decide(replace(facts, window_open=not facts.window_open)) is Action.RESOLVE


@pytest.mark.parametrize("alert", [AlertState.SILENCED, AlertState.QUIET, AlertState.UNCONFIRMED])
def test_what_is_silenced_quiet_or_unconfirmed_changes_no_ticket(alert: AlertState) -> None:
    actions = {decide(facts) for facts in ALL_FACTS if facts.alert is alert}
    assert actions == {Action.NOTHING}


@pytest.mark.parametrize("change", [{"others_fire": True}, {"may_resolve": False}])
def test_another_firing_alert_or_the_rule_keeps_a_ticket_live(change: dict[str, bool]) -> None:
    for facts in ALL_FACTS:
        assert decide(replace(facts, **change)) is not Action.RESOLVE


def test_every_step_state_and_action_has_one_outcome() -> None:
    for step, alert, action, escalates in product([None, *Step], AlertState, Action, BOTH):
        assert isinstance(outcome_of(step, alert, action, escalates), Outcome)


@pytest.mark.parametrize(
    ("step", "alert", "action", "escalates", "outcome"),
    [
        (Step.STARTED, AlertState.FIRING, Action.OPEN, False, Outcome.OPENED),
        (Step.STARTED, AlertState.FIRING, Action.REOPEN, True, Outcome.REOPENED),
        (Step.STARTED, AlertState.FIRING, Action.JOIN, True, Outcome.JOINED),
        (Step.CONTINUED, AlertState.FIRING, Action.NOTHING, False, Outcome.MERGED),
        (Step.CONTINUED, AlertState.FIRING, Action.NOTHING, True, Outcome.ESCALATED),
        (Step.STARTED, AlertState.SILENCED, Action.NOTHING, False, Outcome.SILENCED),
        (Step.CONTINUED, AlertState.QUIET, Action.NOTHING, False, Outcome.QUIETED),
        (Step.RESOLVED, AlertState.OVER, Action.RESOLVE, False, Outcome.RESOLVED),
        (Step.RESOLVED, AlertState.OVER, Action.NOTHING, False, Outcome.RESOLVED),
        (Step.STALE, AlertState.FIRING, Action.NOTHING, False, Outcome.STALE),
        (Step.STALE, AlertState.OVER, Action.NOTHING, False, Outcome.STALE),
        (Step.ORPHAN, AlertState.OVER, Action.NOTHING, False, Outcome.ORPHAN),
        (None, AlertState.EXPIRED, Action.RESOLVE, False, Outcome.EXPIRED),
        (None, AlertState.UNCONFIRMED, Action.NOTHING, False, Outcome.EXPIRED),
        (None, AlertState.FIRING, Action.OPEN, False, Outcome.OPENED),
        (None, AlertState.FIRING, Action.NOTHING, False, Outcome.UNCHANGED),
    ],
)
def test_what_happened_has_the_name_that_people_know(
    step: Step | None, alert: AlertState, action: Action, escalates: bool, outcome: Outcome
) -> None:
    assert outcome_of(step, alert, action, escalates) is outcome
