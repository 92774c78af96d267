"""The workflow: people take the ways in the table and no others; the system has its own."""

from itertools import product

import pytest

from gateway.errors import Forbidden
from gateway.events.event import Event, EventType
from gateway.tickets.change import (
    apply_transition,
    close_by_system,
    reopen_by_system,
    resolve_by_system,
)
from gateway.tickets.ticket import LIVE, TicketStatus
from gateway.workflows.transition import check_transition
from tests.alerts.identities import at
from tests.tickets.tickets import ticket

WAYS = {
    "open": ["in_progress", "resolved", "cancelled"],
    "in_progress": ["pending", "resolved", "cancelled"],
    "pending": ["in_progress", "resolved", "cancelled"],
    "resolved": ["closed", "in_progress"],
    "closed": [],
    "cancelled": [],
}
ALLOWED = [(start, to) for start, ways in WAYS.items() for to in ways]
FORBIDDEN = sorted(set(product(WAYS, WAYS)) - set(ALLOWED))


def kinds(events: tuple[Event, ...]) -> list[EventType]:
    return [event.type for event in events]


def test_the_table_names_every_status() -> None:
    assert set(WAYS) == set(TicketStatus)
    assert len(ALLOWED) + len(FORBIDDEN) == 36


@pytest.mark.parametrize(("start", "to"), ALLOWED)
def test_an_allowed_step_moves_the_ticket_and_says_who_and_why(start: str, to: str) -> None:
    before = ticket(TicketStatus(start))
    check_transition(before.status, TicketStatus(to))
    change = apply_transition(before, TicketStatus(to), "local:anna", at(5), "why not")
    assert change.after.status == to
    assert (change.after.version, change.after.updated_at) == (2, at(5))
    [entry] = change.entries
    assert (entry.actor, entry.field, entry.old, entry.new, entry.comment, entry.at) == (
        "local:anna", "status", start, to, "why not", at(5),
    )  # fmt: skip


@pytest.mark.parametrize(("start", "to"), FORBIDDEN)
def test_any_other_step_is_forbidden_and_says_what_would_be_allowed(start: str, to: str) -> None:
    with pytest.raises(Forbidden) as refused:
        check_transition(TicketStatus(start), TicketStatus(to))
    assert refused.value.code == "forbidden_transition"
    assert refused.value.extra == {"from": start, "to": to, "allowed": WAYS[start]}


@pytest.mark.parametrize(("start", "to"), ALLOWED)
def test_the_outside_hears_of_resolving_and_reopening_only(start: str, to: str) -> None:
    events = apply_transition(ticket(TicketStatus(start)), TicketStatus(to), "a", at(5)).events
    expected = {"resolved": [EventType.TICKET_RESOLVED], "in_progress": [EventType.TICKET_REOPENED]}
    is_told = to == "resolved" or start == "resolved"
    assert kinds(events) == (expected.get(to, []) if is_told else [])


@pytest.mark.parametrize("left", sorted(LIVE))
def test_the_system_reopens_to_the_state_that_was_left(left: TicketStatus) -> None:
    resolved = resolve_by_system(ticket(left), at(1), "over").after
    assert (resolved.status, resolved.resolved_at) == (TicketStatus.RESOLVED, at(1))
    change = reopen_by_system(resolved, at(2), flapped=True, comment="fires again")
    assert (change.after.status, change.after.resolved_at) == (left, None)
    assert kinds(change.events) == [EventType.TICKET_REOPENED]
    assert [entry.actor for entry in change.entries] == ["system"]


def test_a_new_episode_is_a_flap_and_a_return_of_the_old_one_is_not() -> None:
    resolved = resolve_by_system(ticket(), at(1), "over").after
    assert reopen_by_system(resolved, at(2), flapped=True, comment="").after.flaps == 1
    assert reopen_by_system(resolved, at(2), flapped=False, comment="").after.flaps == 0


def test_the_system_closes_what_was_resolved_long_enough() -> None:
    resolved = resolve_by_system(ticket(), at(1), "over").after
    closed = close_by_system(resolved, at(9)).after
    assert (closed.status, closed.resolved_at, closed.closed_at) == ("closed", at(1), at(9))


def test_the_first_response_is_a_persons_and_is_noted_once() -> None:
    resolved = resolve_by_system(ticket(), at(1), "over").after
    assert resolved.first_response_at is None
    taken = apply_transition(resolved, TicketStatus.IN_PROGRESS, "a", at(2)).after
    waiting = apply_transition(taken, TicketStatus.PENDING, "a", at(3)).after
    assert waiting.first_response_at == at(2)


def test_the_first_acknowledgement_is_noted_once() -> None:
    taken = apply_transition(ticket(), TicketStatus.IN_PROGRESS, "a", at(2)).after
    waiting = apply_transition(taken, TicketStatus.PENDING, "a", at(3)).after
    assert waiting.acknowledged_at == at(2)
    assert (
        apply_transition(ticket(), TicketStatus.RESOLVED, "a", at(2)).after.acknowledged_at is None
    )


def test_a_cancelled_ticket_notes_when() -> None:
    assert apply_transition(ticket(), TicketStatus.CANCELLED, "a", at(2)).after.closed_at == at(2)
