"""What is written down beside the decision: links, reports, outcomes, and who asks for a ticket."""

import pytest

from gateway.alerts.rule import AutoResolve, Rule
from gateway.tickets.ticket import TicketStatus
from tests.alerts.identities import at, identity, sighting
from tests.intake.gateway_in_memory import MemoryGateway, minutes
from tests.intake.laws import check_laws, occurrences_on_tickets
from tests.intake.story import CPU, ONE, TEAM, TWO, Story
from tests.silences.silences import silence
from tests.windows.sums import fire, resolve

FINGERPRINT = identity(CPU).fingerprint


def comments(story: Story) -> list[str]:
    """Of all history, in its order. A change of several fields has it once."""
    ledger = story.gateway.ledger
    rows = [row.entry for ticket in story.tickets for row in ledger.history[ticket.id]]
    return [entry.comment for entry in rows if entry.comment or entry.field != "severity"]


def test_history_names_the_alert_that_moved_the_ticket() -> None:
    story = Story()
    story.tell(fire(1, 0), severity="info")
    story.tell(fire(2, 0), severity="high")
    story.tell(resolve(3, 3), fire(4, 4), severity="high")
    name = FINGERPRINT.hex()
    assert comments(story) == [
        f"alert {name} fires",
        f"alert {name} is high",
        "none of its alerts fires any more",
        f"alert {name} fires again",
    ]


def test_a_ticket_counts_from_when_its_alert_is_heard_on() -> None:
    story = Story()
    story.gateway.silence(silence(1, 'alertname="Cpu"', 0, 10))
    story.tell(fire(1, 0), fire(2, 0))
    story.gateway.turn(at(10))
    story.tell(fire(11, 0))
    [link] = story.gateway.ledger.links.values()
    assert (link.before, link.after) == (2, None)
    [alert] = story.gateway.ledger.alerts.values()
    assert occurrences_on_tickets(story.gateway.ledger, alert) == 1


def test_an_alert_that_goes_through_two_tickets_in_one_batch_is_counted_on_each() -> None:
    gateway = MemoryGateway()
    times = [("starts_at", 0), ("ends_at", 5), ("starts_at", 36), ("starts_at", 36)]
    gateway.deliver(
        *(
            (at(minute), "prometheus", [sighting(CPU, firing=name[0] == "s", **{name: at(minute)})])
            for name, minute in times
        )
    )
    first, second = gateway.tickets
    links = {ticket: (one.before, one.after) for (ticket, _), one in gateway.ledger.links.items()}
    assert links == {first.id: (0, 2), second.id: (2, None)}
    assert [one.ticket_id for one in gateway.ledger.episodes.values()] == [first.id, second.id]
    check_laws(gateway.ledger, at(36))


def test_a_report_is_the_newest_that_its_source_said_and_the_longest_that_it_promised() -> None:
    gateway = MemoryGateway()
    said = [
        sighting(CPU, starts_at=at(0), lease_until=at(9), url="one", source_fingerprint="1"),
        sighting(CPU, starts_at=at(0), lease_until=at(8), url="two", source_fingerprint="2"),
    ]
    gateway.deliver((at(1), "prometheus", said))
    [report] = gateway.ledger.reports.values()
    assert (report.url, report.source_fingerprint) == ("two", "2")
    assert (report.lease_until, report.last_seen) == (at(9), at(1) + (report.last_seen - at(1)))
    over = sighting(CPU, firing=False, ends_at=at(20))
    gateway.deliver((at(20), "prometheus", [over]))
    [report] = gateway.ledger.reports.values()
    assert (report.lease_until, report.last_seen) == (at(20), at(20))


def test_a_worker_that_looks_again_leaves_the_outcome_of_what_is_over() -> None:
    story = Story()
    one, other = ({**CPU, "replica": name} for name in "ab")
    story.tell(fire(1, 0), of=one)
    story.tell(fire(1, 0), of=other)
    story.tell(resolve(2, 2), of=other)
    story.gateway.judge(FINGERPRINT, at(3))
    outcomes = {labels["replica"]: outcome_of(story, labels) for labels in (one, other)}
    assert outcomes == {"a": "unchanged", "b": "merged"}


def outcome_of(story: Story, labels: dict[str, str]) -> str:
    strand = identity(labels, ignored=["replica"]).strand
    return story.gateway.ledger.strands[strand].last_outcome


def test_a_ticket_that_somebody_is_to_do_is_claimed() -> None:
    story = Story(Rule("r", auto_resolve=AutoResolve.UNCLAIMED))
    story.tell(fire(1, 0))
    story.gateway.edit(story.ticket, {"assignee": "anna"}, at(2))
    story.tell(resolve(5, 5))
    assert story.ticket.status == "open"


def test_with_the_same_group_another_window_and_policy_hold_from_the_next_episode_on() -> None:
    before, after = (Rule("r", window=minutes(length)) for length in (30, 5))
    story = Story(before)
    story.tell(fire(1, 0))
    story.gateway.configure([after])
    story.tell(fire(2, 0), resolve(3, 3))
    [window] = story.gateway.ledger.windows.values()
    assert (window.length, window.ends_at) == (minutes(30), at(33))
    story.tell(fire(4, 4), resolve(5, 5))
    [window] = story.gateway.ledger.windows.values()
    assert (window.length, window.ends_at) == (minutes(5), at(10))


def test_what_began_silenced_before_the_ticket_was_resolved_is_another_episode_all_the_same() -> (
    None
):
    story = Story()
    story.tell(fire(1, 0), resolve(5, 2))
    story.gateway.silence(silence(1, 'alertname="Cpu"', 5, 10))
    story.tell(fire(6, 4))
    story.gateway.turn(at(10))
    assert (story.ticket.status, story.ticket.flaps, story.ticket.episodes) == ("open", 1, 2)
    assert story.gateway.ledger.episodes[FINGERPRINT, 2].ticket_id == story.ticket.id


def test_what_is_heard_again_on_a_ticket_that_another_alert_reopened_belongs_there() -> None:
    story = Story(TEAM)
    for labels in (ONE, TWO):
        story.tell(fire(1, 0), of=labels)
    story.step(TicketStatus.IN_PROGRESS, 2)
    for labels in (ONE, TWO):
        story.tell(resolve(3, 3), of=labels)
    story.gateway.silence(silence(1, 'alertname="Two"', 3, 10))
    story.tell(fire(4, 4), of=TWO)
    story.tell(fire(5, 5), of=ONE)
    assert story.ticket.episodes == 3
    story.gateway.turn(at(10))
    check_laws(story.gateway.ledger, at(10))
    two = identity(TWO).fingerprint
    assert story.ticket.episodes == 4
    assert story.gateway.ledger.episodes[two, 2].ticket_id == story.ticket.id
    assert story.gateway.ledger.alerts[two].ticket_id == story.ticket.id


def test_who_asks_for_the_ticket_of_a_silenced_alert_opens_it_and_only_once() -> None:
    story = Story()
    story.gateway.silence(silence(1, 'alertname="Cpu"', 0, 60))
    story.tell(fire(1, 0))
    ticket, opened = story.gateway.ask(FINGERPRINT, at(2))
    check_laws(story.gateway.ledger, at(2))
    assert opened
    assert (ticket.requester, ticket.firing, ticket.silenced) == ("local:anna", 1, 1)
    assert (ticket.status, ticket.episodes) == ("open", 1)
    assert comments(story) == [f"for alert {FINGERPRINT.hex()}"]
    assert story.gateway.ask(FINGERPRINT, at(3)) == (ticket, False)
    [window] = story.gateway.ledger.windows.values()
    assert (window.ticket_id, window.opened_at, window.ends_at) == (ticket.id, at(2), None)
    [link] = story.gateway.ledger.links.values()
    assert link.before == 1


def test_who_asks_for_an_alert_that_is_over_opens_no_window() -> None:
    story = Story()
    story.tell(resolve(1, 1))
    ticket, opened = story.gateway.ask(FINGERPRINT, at(2))
    assert (opened, ticket.episodes, ticket.firing) == (True, 0, 0)
    [window] = story.gateway.ledger.windows.values()
    assert (window.ticket_id, window.opened_at) == (ticket.id, None)


def test_who_asks_for_a_silenced_alert_of_a_group_finds_it_on_the_live_ticket() -> None:
    story = Story(TEAM)
    story.gateway.silence(silence(1, 'alertname="Two"', 0, 60))
    story.tell(fire(1, 0), of=ONE)
    story.step(TicketStatus.IN_PROGRESS, 1)
    story.tell(fire(2, 0), of=TWO)
    two = identity(TWO).fingerprint
    ticket, opened = story.gateway.ask(two, at(3))
    check_laws(story.gateway.ledger, at(3))
    assert (opened, ticket.id) == (False, story.ticket.id)
    assert (ticket.firing, ticket.silenced, ticket.episodes) == (2, 1, 2)
    assert story.gateway.ledger.alerts[two].ticket_id == story.ticket.id
    assert story.history(ticket)[-1] == ("system", "alerts", None, two.hex())
    assert story.gateway.ask(two, at(4)) == (ticket, False)


@pytest.mark.parametrize("to", [TicketStatus.RESOLVED, TicketStatus.CANCELLED])
def test_who_asks_for_the_ticket_of_an_episode_that_a_person_ended_is_shown_that(
    to: TicketStatus,
) -> None:
    story = Story()
    story.tell(fire(1, 0))
    story.step(to, 2)
    assert story.gateway.ask(FINGERPRINT, at(3)) == (story.ticket, False)
    assert story.ticket.status is to
