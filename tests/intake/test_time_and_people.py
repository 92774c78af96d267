"""What leases, silences that end and people do to alerts and tickets, through `reconsider`."""

import pytest

from gateway.alerts.alert import AlertStatus
from gateway.alerts.rule import AutoResolve, Rule
from gateway.alerts.severity import Severity
from gateway.errors import Conflict
from gateway.moments import FOREVER
from gateway.tickets.ticket import TicketStatus
from tests.alerts.identities import at, identity
from tests.intake.laws import check_laws
from tests.intake.story import CPU, ONE, TEAM, TWO, Story
from tests.silences.silences import silence
from tests.windows.sums import fire, resolve

FINGERPRINT = identity(CPU).fingerprint
ENDED = [TicketStatus.RESOLVED, TicketStatus.CANCELLED]


def expired(story: Story, minute: float, heard: bool) -> None:
    story.gateway.expire(list(story.gateway.ledger.strands), at(minute), heard)
    check_laws(story.gateway.ledger, at(minute))


def test_a_lease_that_ran_out_resolves_the_ticket_if_the_source_is_heard() -> None:
    story = Story()
    story.tell(fire(1, 0))
    expired(story, 9, heard=True)
    alert = story.gateway.ledger.alerts[FINGERPRINT]
    [strand] = story.gateway.ledger.strands.values()
    assert (alert.status, alert.ends_at, alert.unconfirmed) == (AlertStatus.EXPIRED, None, False)
    assert (strand.resolved_at, strand.last_outcome) == (None, "expired")
    assert story.ticket.status == "resolved"


def test_the_history_says_why_the_system_resolved() -> None:
    told, presumed = Story(), Story()
    told.tell(fire(1, 0), resolve(5, 5))
    presumed.tell(fire(1, 0))
    expired(presumed, 9, heard=True)
    comments = [
        story.gateway.ledger.history[story.ticket.id][-1].entry.comment
        for story in (told, presumed)
    ]
    assert comments == [
        "none of its alerts fires any more",
        "its alerts are reported no more by a source that is still heard",
    ]


def test_while_its_source_is_silent_too_the_ticket_stays_and_shows_it() -> None:
    story = Story()
    story.tell(fire(1, 0))
    expired(story, 9, heard=False)
    assert (story.ticket.status, story.ticket.firing, story.ticket.unconfirmed) == ("open", 0, 1)
    story.gateway.hear_again(FINGERPRINT, at(12))
    assert (story.ticket.status, story.ticket.unconfirmed) == ("resolved", 0)


@pytest.mark.parametrize("heard", [True, False])
def test_the_next_firing_simply_revives_it_and_is_no_new_episode(heard: bool) -> None:
    story = Story()
    story.tell(fire(1, 0))
    expired(story, 9, heard)
    assert story.tell(fire(10, 0)) == ["reopened" if heard else "merged"]
    assert (story.ticket.status, story.ticket.flaps, story.ticket.episodes) == ("open", 0, 1)
    assert story.ticket.unconfirmed == 0
    assert story.gateway.ledger.alerts[FINGERPRINT].episodes == 1


def test_another_replica_that_revives_it_goes_on_with_the_episode() -> None:
    story = Story()
    lost, other = ({**CPU, "replica": name} for name in "ab")
    story.tell(fire(1, 0), of=lost)
    expired(story, 9, heard=True)
    assert story.tell(fire(10, 10), of=other) == ["reopened"]
    alert = story.gateway.ledger.alerts[FINGERPRINT]
    assert (alert.episodes, alert.starts_at) == (1, at(0))
    assert (story.ticket.flaps, story.ticket.episodes) == (0, 1)


@pytest.mark.parametrize("heard", [True, False])
def test_what_is_stale_of_an_expired_alert_says_nothing_of_its_source(heard: bool) -> None:
    story = Story()
    lost, other = ({**CPU, "replica": name} for name in "ab")
    story.tell(resolve(0.5, 0.5), of=other)
    story.tell(fire(1, 0), of=lost)
    expired(story, 9, heard)
    assert story.tell(fire(10, 0.2), of=other) == ["stale"]
    alert = story.gateway.ledger.alerts[FINGERPRINT]
    assert (alert.status, alert.unconfirmed) == (AlertStatus.EXPIRED, not heard)


def test_a_resolve_ends_what_had_expired() -> None:
    story = Story()
    story.tell(fire(1, 0))
    expired(story, 9, heard=False)
    assert story.tell(resolve(12, 8)) == ["resolved"]
    assert (story.ticket.status, story.ticket.unconfirmed) == ("resolved", 0)
    assert story.gateway.ledger.alerts[FINGERPRINT].ends_at == at(8)


def test_of_a_group_the_ticket_waits_for_what_is_unconfirmed() -> None:
    story = Story(TEAM)
    story.tell(fire(1, 0), of=ONE)
    story.tell(fire(1, 0), of=TWO)
    story.gateway.expire([identity(ONE).strand], at(9), heard=False)
    story.tell(resolve(10, 10), of=TWO)
    assert (story.ticket.status, story.ticket.unconfirmed) == ("open", 1)


def test_a_replica_that_is_gone_for_good_does_not_keep_later_episodes_from_ending() -> None:
    story = Story()
    gone, stays = ({**CPU, "replica": name} for name in "ab")
    story.tell(fire(1, 0), of=gone)
    story.tell(fire(1, 0), of=stays)
    story.gateway.expire([identity(gone, ignored=["replica"]).strand], at(9), heard=True)
    assert story.tell(resolve(20, 20), fire(21, 21), of=stays) == ["resolved", "reopened"]
    alert = story.gateway.ledger.alerts[FINGERPRINT]
    assert (alert.episodes, story.ticket.flaps) == (2, 1)
    story.tell(resolve(22, 22), of=stays)
    assert story.gateway.ledger.alerts[FINGERPRINT].status is AlertStatus.RESOLVED


def test_an_alert_that_expired_after_its_other_replica_resolved_is_presumed_over_only() -> None:
    story = Story()
    lost, ended = ({**CPU, "replica": name} for name in "ab")
    story.tell(fire(1, 0), of=ended)
    story.tell(resolve(2, 2), of=ended)
    story.tell(fire(3, 0), of=lost)
    expired(story, 9, heard=True)
    assert story.gateway.ledger.alerts[FINGERPRINT].status is AlertStatus.EXPIRED


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ((5, 6), AlertStatus.RESOLVED),
        ((2, 6), AlertStatus.RESOLVED),
        ((6, 2), AlertStatus.RESOLVED),
        ((2, 3), AlertStatus.EXPIRED),
    ],
)
def test_of_several_replicas_the_last_that_ended_says_whether_a_lost_one_is_over(
    ends: tuple[float, float], status: AlertStatus
) -> None:
    story = Story()
    lost, one, other = ({**CPU, "replica": name} for name in "abc")
    for labels in (one, other):
        story.tell(fire(1, 0), of=labels)
    heard = [(4.0, lost), (ends[0], one), (ends[1], other)]
    for minute, labels in sorted(heard, key=lambda pair: pair[0]):
        if labels is lost:
            story.tell(fire(minute, 0), of=lost)
            story.gateway.expire(
                [identity(lost, ignored=["replica"]).strand], at(minute), heard=True
            )
        else:
            story.tell(resolve(minute, minute), of=labels)
    assert story.gateway.ledger.alerts[FINGERPRINT].status is status


def test_when_a_silence_ends_what_still_fires_has_a_ticket_at_once() -> None:
    story = Story()
    story.gateway.silence(silence(1, 'alertname="Cpu"', 0, 10))
    story.tell(fire(1, 0))
    story.gateway.turn(at(10))
    check_laws(story.gateway.ledger, at(10))
    assert (story.ticket.status, story.ticket.created_at) == ("open", at(10))
    assert (story.ticket.episodes, story.ticket.silenced) == (1, 0)
    [strand] = story.gateway.ledger.strands.values()
    assert (strand.last_outcome, strand.silenced) == ("opened", False)


def test_when_a_silence_begins_what_fires_is_shown_as_silenced_at_once_and_no_more() -> None:
    story = Story(TEAM)
    story.tell(fire(1, 0), of=ONE)
    story.tell(fire(1, 0), of=TWO)
    before = story.history(story.ticket), story.events(), story.ticket.version
    story.gateway.silence(silence(1, 'alertname="One"', 5, 60))
    story.gateway.turn(at(5))
    check_laws(story.gateway.ledger, at(5))
    alert = story.gateway.ledger.alerts[identity(ONE).fingerprint]
    assert (alert.status, alert.silenced) == (AlertStatus.FIRING, True)
    assert (story.ticket.status, story.ticket.firing, story.ticket.silenced) == ("open", 2, 1)
    assert (story.history(story.ticket), story.events(), story.ticket.version) == before
    assert story.gateway.ledger.strands[identity(ONE).strand].last_outcome == "silenced"


def test_what_began_silenced_reopens_the_ticket_as_a_flap_when_the_silence_ends() -> None:
    story = Story()
    story.tell(fire(1, 0), resolve(5, 5))
    story.gateway.silence(silence(1, 'alertname="Cpu"', 0, 10))
    story.tell(fire(6, 6))
    story.gateway.turn(at(10))
    assert (story.ticket.status, story.ticket.flaps, story.ticket.episodes) == ("open", 1, 2)
    assert story.gateway.ledger.episodes[FINGERPRINT, 2].ticket_id == story.ticket.id


def test_an_alert_that_was_silenced_raises_the_priority_when_it_is_heard() -> None:
    story = Story(TEAM)
    story.gateway.silence(silence(1, 'alertname="Two"', 0, 10))
    story.tell(fire(1, 0), of=ONE, severity="info")
    story.tell(fire(2, 0), of=TWO, severity="critical")
    assert story.ticket.priority is Severity.LOW
    story.gateway.turn(at(10))
    assert (story.ticket.priority, story.ticket.firing) == (Severity.CRITICAL, 2)
    told = [entry[1] for entry in story.history(story.ticket)]
    assert told == ["status", "alerts", "severity", "priority"]


def test_what_grows_worse_while_silenced_raises_the_priority_when_it_is_heard() -> None:
    story = Story()
    story.tell(fire(1, 0), severity="info")
    story.gateway.silence(silence(1, 'alertname="Cpu"', 0, 10))
    assert story.tell(fire(2, 0), severity="critical") == ["silenced"]
    assert story.ticket.priority is Severity.LOW
    story.gateway.turn(at(10))
    assert story.ticket.priority is Severity.CRITICAL


def test_what_begins_silenced_on_a_live_ticket_does_not_raise_its_priority() -> None:
    story = Story(TEAM)
    story.tell(fire(1, 0), of=ONE, severity="info")
    story.tell(fire(2, 2), resolve(3, 3), of=TWO, severity="info")
    story.gateway.silence(silence(1, 'alertname="Two"', 0, 60))
    assert story.tell(fire(4, 4), of=TWO, severity="critical") == ["silenced"]
    assert (story.ticket.priority, story.ticket.silenced) == (Severity.LOW, 1)


def test_a_window_that_had_ended_opens_again_when_the_silence_ends() -> None:
    story = Story(Rule("kept", auto_resolve=AutoResolve.NEVER))
    story.tell(fire(1, 0), resolve(5, 5))
    story.gateway.silence(silence(1, 'alertname="Cpu"', 30, 60))
    assert story.tell(fire(50, 50)) == ["silenced"]
    story.gateway.turn(at(60))
    check_laws(story.gateway.ledger, at(60))
    [window] = story.gateway.ledger.windows.values()
    assert (window.opened_at, window.ends_at) == (at(60), None)


def test_looked_at_again_in_vain_nothing_changes() -> None:
    story = Story()
    story.tell(fire(1, 0))
    before = story.history(story.ticket)
    story.gateway.judge(FINGERPRINT, at(5))
    [strand] = story.gateway.ledger.strands.values()
    assert strand.last_outcome == "unchanged"
    assert story.history(story.ticket) == before


@pytest.mark.parametrize("to", ENDED)
def test_a_persons_end_quiets_the_episode(to: TicketStatus) -> None:
    story = Story()
    story.tell(fire(1, 0))
    story.step(to, 2)
    assert story.tell(fire(3, 0), fire(31.9, 0)) == ["quieted", "quieted"]
    assert story.ticket.status == to
    until = story.gateway.ledger.alerts[FINGERPRINT].quiet_until
    assert until == (FOREVER if to is TicketStatus.CANCELLED else at(32))


def test_after_the_quiet_what_still_fires_reopens_the_ticket_which_is_no_flap() -> None:
    story = Story()
    story.tell(fire(1, 0))
    story.step(TicketStatus.RESOLVED, 2)
    story.gateway.turn(at(32))
    check_laws(story.gateway.ledger, at(32))
    assert (story.ticket.status, story.ticket.flaps, story.ticket.episodes) == ("open", 0, 1)
    assert story.gateway.ledger.alerts[FINGERPRINT].quiet_until is None


def test_a_sighting_after_the_quiet_does_not_wait_for_the_worker() -> None:
    story = Story()
    story.tell(fire(1, 0))
    story.step(TicketStatus.RESOLVED, 2)
    assert story.tell(fire(32, 0), fire(33, 0)) == ["reopened", "merged"]
    assert story.gateway.ledger.alerts[FINGERPRINT].quiet_until is None


def test_after_a_close_what_still_fires_opens_a_ticket_that_follows() -> None:
    story = Story()
    story.tell(fire(1, 0))
    story.step(TicketStatus.RESOLVED, 2)
    story.step(TicketStatus.CLOSED, 3)
    assert story.tell(fire(32, 0), fire(33, 0)) == ["quieted", "opened"]
    first, second = story.tickets
    assert (first.status, second.follows, second.episodes) == ("closed", first.id, 1)


@pytest.mark.parametrize(("to", "outcome"), [(ENDED[0], "reopened"), (ENDED[1], "opened")])
def test_a_new_episode_is_news_whatever_was_quieted(to: TicketStatus, outcome: str) -> None:
    story = Story()
    story.tell(fire(1, 0))
    story.step(to, 2)
    assert story.tell(resolve(3, 3), fire(4, 4)) == ["resolved", outcome]
    assert story.tickets[-1].follows == (None if outcome == "reopened" else story.tickets[0].id)


def test_other_alerts_of_the_group_are_news_and_the_quiet_one_keeps_the_ticket() -> None:
    story = Story(TEAM)
    story.tell(fire(1, 0), of=ONE)
    story.step(TicketStatus.RESOLVED, 2)
    assert story.tell(fire(3, 3), of=TWO) == ["reopened"]
    assert story.tell(fire(4, 0), of=ONE) == ["quieted"]
    assert story.tell(resolve(5, 5), of=TWO) == ["resolved"]
    assert (story.ticket.status, story.ticket.firing) == ("open", 1)


def test_what_grows_worse_while_quiet_raises_the_priority_when_it_is_heard() -> None:
    story = Story(TEAM)
    story.tell(fire(1, 0), of=ONE, severity="info")
    story.step(TicketStatus.RESOLVED, 2)
    story.tell(fire(3, 3), of=TWO, severity="info")
    assert story.tell(fire(4, 0), of=ONE, severity="critical") == ["quieted"]
    assert story.ticket.priority is Severity.LOW
    assert story.tell(fire(22, 0, about=""), of=ONE, severity="critical") == ["escalated"]
    assert story.gateway.ledger.alerts[identity(ONE).fingerprint].quiet_until is None


def test_a_cancelled_ticket_leaves_the_group_free_for_a_new_one() -> None:
    story = Story(TEAM)
    story.tell(fire(1, 0), of=ONE)
    story.step(TicketStatus.CANCELLED, 2)
    assert story.tell(fire(3, 3), of=TWO) == ["opened"]
    assert story.tell(fire(4, 0), of=ONE) == ["quieted"]
    first, second = story.tickets
    assert (first.firing, second.firing, second.follows) == (1, 1, first.id)


def test_a_person_who_takes_the_ticket_again_ends_the_quiet() -> None:
    story = Story()
    story.tell(fire(1, 0))
    story.step(TicketStatus.RESOLVED, 2)
    story.step(TicketStatus.IN_PROGRESS, 3)
    alert = story.gateway.ledger.alerts[FINGERPRINT]
    assert (alert.quiet_until, story.triage) == (None, "acknowledged")
    assert story.tell(fire(4, 0)) == ["merged"]


def test_an_older_ticket_that_a_person_takes_again_is_that_of_its_window() -> None:
    story = Story()
    story.tell(fire(1, 0), resolve(5, 5), fire(50, 50), resolve(51, 51))
    older, newer = story.tickets
    story.gateway.step(older, TicketStatus.IN_PROGRESS, at(52))
    check_laws(story.gateway.ledger, at(52))
    assert story.tell(fire(53, 53)) == ["joined"]
    assert [ticket.status for ticket in story.tickets] == ["in_progress", "resolved"]
    assert story.gateway.ledger.alerts[FINGERPRINT].ticket_id == older.id
    assert newer.follows == older.id


def test_an_older_ticket_cannot_be_taken_again_beside_a_newer_live_one() -> None:
    story = Story()
    story.tell(fire(1, 0), resolve(5, 5), fire(50, 50))
    older, newer = story.tickets
    with pytest.raises(Conflict) as refused:
        story.gateway.step(older, TicketStatus.IN_PROGRESS, at(52))
    assert refused.value.code == "newer_ticket_live"
    assert refused.value.extra == {"ticket_id": newer.id}
    assert story.tickets == [older, newer]


def test_a_window_that_had_ended_opens_again_with_a_ticket_on_which_something_fires() -> None:
    story = Story()
    story.tell(fire(0, 0, lease=5))
    story.gateway.expire(list(story.gateway.ledger.strands), at(6), heard=False)
    story.step(TicketStatus.RESOLVED, 40)
    story.tell(fire(41, 0))
    story.step(TicketStatus.IN_PROGRESS, 42)
    [window] = story.gateway.ledger.windows.values()
    assert window.is_open(at(42))
    assert window.ends_at is None
