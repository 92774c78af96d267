"""A step of a ticket as a change: what moves with it, what history and the outside are told."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from gateway.events.event import Event, EventType
from gateway.tickets.change import (
    StepTo,
    TicketChange,
    apply_step,
    as_one,
    close_by_system,
    reopen_by_system,
    resolve_by_system,
)
from gateway.tickets.edit import edit_ticket
from gateway.tickets.ticket import ENDED, LIVE, Ticket, TicketStatus
from tests.alerts.identities import at
from tests.tickets.tickets import ticket

STATUSES = tuple(TicketStatus)
MOVES = [
    (start, to) for start, to in product(STATUSES, STATUSES) if start != to and start not in ENDED
]


def kinds(events: tuple[Event, ...]) -> list[EventType]:
    return [event.type for event in events]


def move(before: Ticket, to: str, moment: float = 5, **more: Any) -> TicketChange:
    return apply_step(before, StepTo(status=TicketStatus(to), **more), "local:anna", at(moment))


@pytest.mark.parametrize(("start", "to"), MOVES)
def test_a_step_moves_the_ticket_and_says_who_and_why(start: TicketStatus, to: str) -> None:
    change = move(ticket(start), to, comment="why not")
    assert change.after.status == to
    assert (change.after.version, change.after.updated_at) == (2, at(5))
    [entry] = change.entries
    assert (entry.actor, entry.field, entry.old, entry.new, entry.comment, entry.at) == (
        "local:anna", "status", start, to, "why not", at(5),
    )  # fmt: skip


@pytest.mark.parametrize(("start", "to"), MOVES)
def test_the_outside_hears_of_every_step_and_apart_of_resolving_closing_and_reopening(
    start: TicketStatus, to: TicketStatus
) -> None:
    change = move(ticket(start), to, comment="why")
    apart = {"resolved": [EventType.TICKET_RESOLVED], "closed": [EventType.TICKET_CLOSED]}
    if start is TicketStatus.RESOLVED and to in LIVE:
        apart[to] = [EventType.TICKET_REOPENED]
    assert kinds(change.events) == [*apart.get(to, []), EventType.TICKET_STATUS_CHANGED]
    assert change.events[-1].data == {
        "from": start, "to": to, "state_from": start, "state_to": to, "by": "local:anna",
        "comment": "why",
    }  # fmt: skip


def test_a_step_within_one_status_is_one_of_states_alone() -> None:
    waiting = ticket(TicketStatus.PENDING, state="scheduled")
    change = move(waiting, "pending", state="awaiting_approval", comment="again")
    assert [(entry.field, entry.old, entry.new, entry.comment) for entry in change.entries] == [
        ("state", "scheduled", "awaiting_approval", "again")
    ]
    assert kinds(change.events) == [EventType.TICKET_STATUS_CHANGED]


def test_a_step_across_statuses_says_the_state_where_it_is_named_otherwise() -> None:
    change = move(ticket(), "in_progress", state="investigating")
    assert [(entry.field, entry.old, entry.new) for entry in change.entries] == [
        ("status", "open", "in_progress"),
        ("state", "open", "investigating"),
    ]
    assert (change.after.state, change.after.place) == ("investigating", "investigating")
    assert move(change.after, "resolved").after.state is None


def test_what_is_said_of_the_resolution_is_kept_until_it_is_reopened() -> None:
    said = {"resolution": "done", "resolution_note": "new disk"}
    resolved = move(ticket(), "resolved", close_after=timedelta(minutes=60), **said).after
    assert (resolved.resolution, resolved.resolution_note) == ("done", "new disk")
    assert (resolved.resolved_by, resolved.close_at) == ("local:anna", at(65))
    reopened = move(resolved, "in_progress", 6)
    assert (reopened.after.resolution, reopened.after.resolved_by) == ("", "")
    assert reopened.after.close_at is None
    assert ("resolution", "done", "") in [(e.field, e.old, e.new) for e in reopened.entries]
    assert move(resolved, "closed", 6).after.close_at is None


def test_a_ticket_that_is_never_closed_by_the_system_has_no_time_for_it() -> None:
    assert move(ticket(), "resolved").after.close_at is None
    assert resolve_by_system(ticket(), at(1), "over", timedelta(minutes=9)).after.close_at == at(10)


def test_an_edit_and_a_step_are_one_change_of_one_version() -> None:
    edit = edit_ticket(ticket(), {"assignee": "u_anna"}, "local:anna", at(5))
    assert edit is not None
    both = as_one(edit, move(edit.after, "in_progress"))
    assert (both.after.version, both.after.assignee, both.after.status) == (
        2, "u_anna", "in_progress",
    )  # fmt: skip
    assert [entry.field for entry in both.entries] == ["assignee", "status"]
    assert kinds(both.events) == [EventType.TICKET_ASSIGNED, EventType.TICKET_STATUS_CHANGED]


@pytest.mark.parametrize("left", sorted(LIVE))
def test_the_system_reopens_to_the_state_that_was_left(left: TicketStatus) -> None:
    resolved = resolve_by_system(ticket(left), at(1), "over").after
    assert (resolved.status, resolved.resolved_at) == (TicketStatus.RESOLVED, at(1))
    change = reopen_by_system(resolved, at(2), flapped=True, comment="fires again")
    assert (change.after.status, change.after.resolved_at) == (left, None)
    assert kinds(change.events) == [EventType.TICKET_REOPENED, EventType.TICKET_STATUS_CHANGED]
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
    taken = move(resolved, "in_progress", 2).after
    waiting = move(taken, "pending", 3).after
    assert waiting.first_response_at == at(2)


def test_the_first_acknowledgement_is_noted_once() -> None:
    taken = move(ticket(), "in_progress", 2).after
    waiting = move(taken, "pending", 3).after
    assert waiting.acknowledged_at == at(2)
    assert move(ticket(), "resolved", 2).after.acknowledged_at is None


def test_a_cancelled_ticket_notes_when() -> None:
    assert move(ticket(), "cancelled", 2).after.closed_at == at(2)
