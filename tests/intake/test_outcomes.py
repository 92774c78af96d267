"""What becomes of sightings: one alert, groups of alerts, replicas; each outcome by its name."""

from collections.abc import Sequence

import orjson
import pytest

from gateway.alerts.alert import AlertStatus
from gateway.alerts.outcome import Outcome
from gateway.alerts.rule import AutoResolve, Rule
from gateway.alerts.severity import Severity
from gateway.effects.sighting import apply_sighting
from gateway.tickets.ticket import TicketStatus
from matchers import parse
from tests.alerts.identities import at, identity, sighting
from tests.intake.gateway_in_memory import MemoryGateway, minutes
from tests.intake.laws import occurrences, occurrences_on_tickets
from tests.intake.story import CPU, ONE, TEAM, TWO, Story
from tests.silences.silences import silence
from tests.windows.sums import Said, fire, orders, resolve, summed


def test_a_first_firing_opens_a_ticket_and_repeats_merge_into_it() -> None:
    story = Story()
    assert story.tell(fire(1, 0), fire(2, 0), fire(3, 0)) == ["opened", "merged", "merged"]
    ticket = story.ticket
    assert (ticket.title, ticket.status, ticket.created_at) == ("Cpu on db1", "open", at(1))
    assert (ticket.episodes, ticket.flaps, ticket.firing) == (1, 0, 1)
    assert (ticket.requester, ticket.rule, ticket.follows) == ("system", "default", None)
    assert story.history(ticket) == [("system", "status", None, "open")]
    assert story.events() == ["ticket.created"]
    [alert] = story.gateway.ledger.alerts.values()
    assert (alert.status, alert.episodes, alert.starts_at) == (AlertStatus.FIRING, 1, at(0))
    assert occurrences_on_tickets(story.gateway.ledger, alert) == 3


def test_its_resolve_resolves_the_ticket() -> None:
    story = Story()
    assert story.tell(fire(1, 0), resolve(5, 4)) == ["opened", "resolved"]
    assert (story.ticket.status, story.ticket.resolved_at) == ("resolved", at(5))
    assert story.history(story.ticket)[-1] == ("system", "status", "open", "resolved")
    [alert] = story.gateway.ledger.alerts.values()
    assert (alert.status, alert.ends_at) == (AlertStatus.RESOLVED, at(4))
    [episode] = story.gateway.ledger.episodes.values()
    assert (episode.starts_at, episode.ends_at, episode.ticket_id) == (
        at(0),
        at(4),
        story.ticket.id,
    )


def test_fired_again_within_the_window_the_ticket_is_reopened_as_a_flap() -> None:
    story = Story()
    again = story.tell(fire(1, 0), resolve(5, 5), fire(34.9, 34), resolve(40, 40), fire(41, 41))
    assert again == ["opened", "resolved", "reopened", "resolved", "reopened"]
    assert (story.ticket.flaps, story.ticket.episodes, story.ticket.resolved_at) == (2, 3, None)
    assert {one.ticket_id for one in story.gateway.ledger.episodes.values()} == {story.ticket.id}
    assert story.events()[1:5:2] == ["ticket.resolved", "ticket.reopened"]
    assert set(story.events()[2:5:2]) == {"ticket.status_changed"}


def test_fired_again_after_the_window_a_new_ticket_follows_the_last() -> None:
    story = Story()
    assert story.tell(fire(1, 0), resolve(5, 5), fire(35, 34))[-1] == "opened"
    first, second = story.tickets
    assert (first.status, second.follows, second.flaps) == ("resolved", first.id, 0)
    [alert] = story.gateway.ledger.alerts.values()
    assert alert.ticket_id == second.id
    links = {key[0]: link for key, link in story.gateway.ledger.links.items()}
    assert (links[first.id].before, links[first.id].after) == (0, 2)
    assert (links[second.id].before, links[second.id].after) == (2, None)


@pytest.mark.parametrize("left", [TicketStatus.IN_PROGRESS, TicketStatus.PENDING])
def test_a_reopened_ticket_goes_back_to_the_state_it_left_and_its_alert_is_acknowledged(
    left: TicketStatus,
) -> None:
    story = Story()
    story.tell(fire(1, 0))
    for to in (TicketStatus.IN_PROGRESS, left):
        if story.ticket.status is not to:
            story.step(to, 2)
    assert story.triage == "acknowledged"
    assert story.tell(resolve(5, 5), fire(6, 6)) == ["resolved", "reopened"]
    assert (story.ticket.status, story.triage) == (left, "acknowledged")


def test_a_live_ticket_takes_its_alert_back_however_long_ago_the_window_ended() -> None:
    story = Story(Rule("kept", auto_resolve=AutoResolve.NEVER))
    assert story.tell(fire(1, 0), resolve(5, 5), fire(500, 500)) == ["opened", "resolved", "merged"]
    assert (story.ticket.status, story.ticket.episodes) == ("open", 2)


@pytest.mark.parametrize(
    ("policy", "claimed", "status"),
    [
        (AutoResolve.ALWAYS, True, "resolved"),
        (AutoResolve.NEVER, False, "open"),
        (AutoResolve.UNCLAIMED, False, "resolved"),
        (AutoResolve.UNCLAIMED, True, "in_progress"),
    ],
)
def test_the_rule_says_whether_the_system_may_resolve(
    policy: AutoResolve, claimed: bool, status: str
) -> None:
    story = Story(Rule("r", auto_resolve=policy))
    story.tell(fire(1, 0))
    if claimed:
        story.step(TicketStatus.IN_PROGRESS, 2)
    assert story.tell(resolve(5, 5)) == ["resolved"]
    assert story.ticket.status == status


def test_a_group_has_one_ticket_until_its_last_alert_ends() -> None:
    story = Story(TEAM)
    assert story.tell(fire(1, 0), of=ONE) + story.tell(fire(2, 2), of=TWO) == ["opened", "joined"]
    assert (story.ticket.firing, story.ticket.episodes) == (2, 2)
    assert orjson.loads(story.ticket.labels) == {"team": "x"}
    two = identity(TWO).fingerprint
    assert story.history(story.ticket)[-1] == ("system", "alerts", None, two.hex())
    story.tell(resolve(3, 3), of=ONE)
    assert story.ticket.status == "open"
    story.tell(resolve(4, 4), of=TWO)
    assert story.ticket.status == "resolved"


def test_an_alert_that_flaps_on_a_live_group_ticket_is_another_episode_and_no_flap() -> None:
    story = Story(TEAM)
    story.tell(fire(1, 0), of=ONE)
    story.step(TicketStatus.IN_PROGRESS, 1)
    assert story.tell(fire(2, 2), resolve(3, 3), fire(4, 4), of=TWO) == [
        "joined", "resolved", "merged",
    ]  # fmt: skip
    assert (story.ticket.episodes, story.ticket.flaps) == (3, 0)
    alert = story.gateway.ledger.alerts[identity(TWO).fingerprint]
    assert alert.ticket_id == story.ticket.id
    assert story.gateway.ledger.episodes[alert.fingerprint, 2].ticket_id == story.ticket.id


def test_another_alert_of_the_group_reopens_the_ticket_within_the_window() -> None:
    story = Story(TEAM)
    story.tell(fire(1, 0), resolve(5, 5), of=ONE)
    assert story.tell(fire(24, 24), of=TWO) == ["reopened"]
    assert (story.ticket.flaps, story.ticket.firing) == (1, 1)


def test_replicas_are_one_alert_that_ends_with_the_last_of_them() -> None:
    story = Story()
    a, b = ({**CPU, "replica": name} for name in "ab")
    assert story.tell(fire(1, 0), of=a) + story.tell(fire(1, 0.2), of=b) == ["opened", "merged"]
    story.tell(resolve(5, 5), of=a)
    assert story.ticket.status == "open"
    assert story.tell(resolve(5, 5.2), of=b) == ["resolved"]
    [alert] = story.gateway.ledger.alerts.values()
    assert (story.ticket.status, alert.episodes, alert.ends_at) == ("resolved", 1, at(5.2))
    assert orjson.loads(alert.labels) == CPU
    assert occurrences(story.gateway.ledger, alert) == 4


def test_a_worse_alert_raises_the_priority_and_a_milder_one_never_lowers_it() -> None:
    story = Story(TEAM)
    story.tell(fire(1, 0), of=ONE, severity="info")
    assert story.ticket.priority is Severity.LOW
    assert story.tell(fire(2, 0), of=ONE, severity="error") == ["escalated"]
    assert story.tell(fire(3, 0), of=ONE, severity="info") == ["merged"]
    assert story.tell(fire(4, 4), of=TWO, severity="critical") == ["joined"]
    assert story.ticket.priority is Severity.CRITICAL
    told = [entry[2:] for entry in story.history(story.ticket) if entry[1] == "priority"]
    assert told == [("low", "high"), ("high", "critical")]


def test_a_priority_that_a_person_lowered_is_not_raised_by_mere_repeats() -> None:
    story = Story()
    story.tell(fire(1, 0), severity="critical")
    story.gateway.edit(story.ticket, {"priority": "low"}, at(2))
    assert story.tell(fire(3, 0), severity="critical") == ["merged"]
    assert story.ticket.priority is Severity.LOW


def test_the_rules_own_priority_stands_whatever_the_severity() -> None:
    story = Story(Rule("r", priority=Severity.HIGH))
    assert story.tell(fire(1, 0), severity="info") == ["opened"]
    assert story.tell(fire(2, 0), severity="critical") == ["merged"]
    assert story.ticket.priority is Severity.HIGH


def test_a_silenced_alert_is_counted_and_makes_no_ticket() -> None:
    story = Story()
    story.gateway.silence(silence(1, 'alertname="Cpu"', 0, 60))
    assert story.tell(fire(1, 0), fire(2, 0), resolve(5, 5)) == ["silenced", "silenced", "resolved"]
    assert story.tickets == []
    [alert] = story.gateway.ledger.alerts.values()
    assert occurrences(story.gateway.ledger, alert) == 3
    [window] = story.gateway.ledger.windows.values()
    assert window.opened_at is None


def test_a_silenced_alert_reopens_no_ticket() -> None:
    story = Story()
    story.tell(fire(1, 0), resolve(5, 5))
    story.gateway.silence(silence(1, 'alertname="Cpu"', 0, 60))
    assert story.tell(fire(6, 6)) == ["silenced"]
    assert (story.ticket.status, story.ticket.episodes) == ("resolved", 1)


def test_on_a_live_ticket_a_silenced_alert_is_shown_as_silenced() -> None:
    story = Story()
    story.tell(fire(1, 0))
    story.gateway.silence(silence(1, 'alertname="Cpu"', 0, 10))
    assert story.tell(fire(2, 0)) == ["silenced"]
    assert (story.ticket.status, story.ticket.firing, story.ticket.silenced) == ("open", 1, 1)
    assert story.tell(fire(10, 0)) == ["merged"]
    assert (story.ticket.firing, story.ticket.silenced) == (1, 0)


def test_an_alert_is_silenced_only_when_all_its_firing_strands_are() -> None:
    story = Story()
    a, b = ({**CPU, "replica": name} for name in "ab")
    story.gateway.silence(silence(1, 'replica="a"', 0, 60))
    assert story.tell(fire(1, 0), of=a) + story.tell(fire(1, 0), of=b) == ["silenced", "opened"]
    assert story.ticket.silenced == 0
    story.tell(resolve(5, 5), of=b)
    assert (story.ticket.firing, story.ticket.silenced) == (1, 1)


@pytest.mark.parametrize("order", [[fire(1, 0), resolve(5, 5), fire(6, 3)], [resolve(1, 1)]])
def test_stale_and_orphan_sightings_make_no_ticket(order: Sequence[Said]) -> None:
    story = Story()
    outcomes = story.tell(*order)
    assert outcomes[-1] in (Outcome.STALE, Outcome.ORPHAN)
    assert all(not ticket.live for ticket in story.tickets)


def test_an_orphan_is_an_alert_without_episodes() -> None:
    story = Story()
    assert story.tell(resolve(1, 1), resolve(2, 1)) == ["orphan", "stale"]
    [alert] = story.gateway.ledger.alerts.values()
    assert (alert.status, alert.episodes, alert.ticket_id) == (AlertStatus.RESOLVED, 0, None)


def test_a_changed_rule_takes_effect_with_the_next_episode() -> None:
    story = Story(Rule("all", window=minutes(30)))
    story.tell(fire(1, 0))
    changed = Rule("all", window=minutes(5), group_by=("instance",), auto_resolve=AutoResolve.NEVER)
    story.gateway.configure([changed])
    [key] = story.gateway.ledger.windows
    assert story.tell(fire(3, 0)) == ["merged"]
    window = story.gateway.ledger.windows[key]
    assert (window.length, window.auto_resolve) == (minutes(30), AutoResolve.ALWAYS)
    assert story.tell(resolve(5, 5), fire(6, 6)) == ["resolved", "opened"]
    first, second = story.tickets
    assert (first.status, first.merge_key) == ("resolved", key)
    assert second.merge_key == identity(CPU, rules=[changed]).merge_key
    assert second.follows is None
    assert story.gateway.ledger.windows[second.merge_key].length == minutes(5)


def test_a_rules_title_and_the_summary_name_the_ticket() -> None:
    story = Story(Rule("r", matchers=parse('alertname="Cpu"'), title="{alertname}!"))
    story.tell(fire(1, 0))
    assert (story.ticket.title, story.ticket.rule) == ("Cpu!", "r")


def test_a_stale_repeat_does_not_resolve_a_ticket_that_a_person_reopened() -> None:
    story = Story()
    story.tell(fire(0, 0), resolve(1, 1))
    story.step(TicketStatus.IN_PROGRESS, 2)
    assert story.tell(fire(3, 0), resolve(4, 1)) == ["stale", "stale"]
    assert story.ticket.status is TicketStatus.IN_PROGRESS
    assert story.tell(fire(5, 5), resolve(6, 6)) == ["merged", "resolved"]
    assert story.ticket.status is TicketStatus.RESOLVED


def test_a_fast_senders_alert_ends_and_its_ticket_with_it() -> None:
    story = Story()
    assert story.tell(fire(0, 2), resolve(1)) == ["opened", "resolved"]
    assert story.ticket.status is TicketStatus.RESOLVED


@pytest.mark.parametrize("order", orders(fire(0, 0), fire(21, 20), resolve(30, 10)))
def test_the_running_episode_shows_the_same_start_in_every_order(order: Sequence[Said]) -> None:
    story = Story()
    story.tell(*order)
    [alert] = story.gateway.ledger.alerts.values()
    running = story.gateway.ledger.episodes[alert.fingerprint, alert.episodes]
    assert alert.starts_at == running.starts_at == at(20)


def test_one_body_that_resolves_and_fires_again_leaves_its_alert_firing() -> None:
    gateway = MemoryGateway()
    ended, began = sighting(CPU, firing=False), sighting(CPU)
    gateway.deliver((at(0), "prometheus", [began]))
    gateway.deliver((at(1), "prometheus", [ended, began]))
    [alert] = gateway.ledger.alerts.values()
    assert (alert.fires, alert.episodes) == (True, 2)
    gateway.deliver((at(2), "prometheus", [began, ended]))
    [alert] = gateway.ledger.alerts.values()
    assert (alert.fires, alert.episodes) == (False, 2)


def test_a_clock_that_steps_back_hides_no_firing_that_follows_a_resolve() -> None:
    gateway = MemoryGateway()
    for moment, fires in ((60, True), (1, False), (2, True)):
        gateway.deliver((at(moment), "prometheus", [sighting(CPU, firing=fires)]))
    [alert] = gateway.ledger.alerts.values()
    assert (alert.fires, alert.episodes) == (True, 2)


def test_a_sighting_that_changes_nothing_marks_nothing_but_its_strand() -> None:
    story = Story()
    story.tell(fire(1, 0))
    one = identity(CPU)
    rows = story.gateway.ledger.load([one.fingerprint], [one.merge_key])
    apply_sighting(rows, summed(fire(2, 0, about=""), of=one))
    assert (rows.changed_strands, rows.reports.keys()) == ({one.strand}, {(one.strand, one.source)})
    marked = rows.changed_alerts | rows.voided_alerts | rows.changed_windows | rows.counted_tickets
    assert marked == set()
    assert (rows.episodes, rows.links, rows.changes, rows.joins) == ({}, {}, [], {})
