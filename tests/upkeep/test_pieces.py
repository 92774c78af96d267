"""Pieces of duties decide by rows alone: what has moved since it was found is left as it is."""

from msgspec import structs

from gateway.alerts.alert import AlertStatus
from gateway.effects.working_set import WorkingSet
from gateway.silences.book import TenantSilences
from gateway.tickets.ticket import TicketStatus
from gateway.upkeep.closing import CloseTickets
from gateway.upkeep.leases import ConfirmEnds, EndLeases
from gateway.upkeep.piece import Piece
from gateway.upkeep.quiets import EndQuiets
from gateway.upkeep.silences import FollowSilences, Labelled, turned
from tests.alerts.identities import NOON, at, identity
from tests.intake.laws import check_laws
from tests.intake.story import CPU, Story
from tests.silences.silences import silence
from tests.windows.sums import fire, resolve

ONE = identity(CPU, "prometheus", ["replica"])
ALERT, STRAND = ONE.fingerprint, ONE.strand
NO_SILENCES = TenantSilences(0)


def carried_out(story: Story, piece: Piece, minute: float) -> WorkingSet:
    """Loaded, decided and saved as a store does it."""
    ledger = story.gateway.ledger
    rows = ledger.load(piece.needs().alerts, (), piece.needs().tickets)
    piece.decide(rows, at(minute))
    ledger.save(rows, 0)
    check_laws(ledger, at(minute))
    return rows


def status(story: Story) -> AlertStatus:
    return story.gateway.ledger.alerts[ALERT].status


def end_leases(up_since: float = 0, heard: bool = True) -> EndLeases:
    return EndLeases({STRAND: ALERT}, at(up_since), {STRAND: heard})


def test_a_lease_that_ran_out_ends_and_its_ticket_waits_for_a_source_that_is_silent_itself() -> (
    None
):
    story = Story()
    story.tell(fire(1, 0, lease=5))
    carried_out(story, end_leases(heard=False), 5)
    assert (status(story), story.ticket.status) == (AlertStatus.EXPIRED, "open")
    carried_out(story, ConfirmEnds([ALERT], {STRAND: False}), 6)
    assert story.ticket.status == "open"
    carried_out(story, ConfirmEnds([ALERT], {STRAND: True}), 7)
    assert story.ticket.status == "resolved"


def test_a_lease_that_was_renewed_since_it_was_found_does_not_end() -> None:
    story = Story()
    story.tell(fire(1, 0, lease=5), fire(2, 0, lease=9))
    carried_out(story, end_leases(), 5)
    assert status(story) is AlertStatus.FIRING


def test_a_lease_that_nobody_could_have_renewed_since_we_are_up_does_not_end() -> None:
    story = Story()
    story.tell(fire(1, 0, lease=5))
    carried_out(story, end_leases(up_since=6), 9.9)
    assert status(story) is AlertStatus.FIRING
    carried_out(story, end_leases(up_since=6), 10)
    assert status(story) is AlertStatus.EXPIRED


def test_an_alert_that_is_gone_since_it_was_found_is_nobodys_business() -> None:
    for piece in (
        end_leases(),
        ConfirmEnds([ALERT], {STRAND: True}),
        EndQuiets([ALERT], NO_SILENCES),
        FollowSilences([ALERT], STRAND, NO_SILENCES),
        CloseTickets(["tk_none"], NOON),
    ):
        rows = carried_out(Story(), piece, 5)
        assert rows.outcomes == {}


def test_a_quiet_that_was_lengthened_since_it_was_found_holds() -> None:
    story = Story()
    story.tell(fire(1, 0))
    story.step(TicketStatus.RESOLVED, 2)
    quiet = EndQuiets([ALERT], NO_SILENCES)
    carried_out(story, quiet, 31.9)
    assert story.ticket.status == "resolved"
    carried_out(story, quiet, 32)
    assert story.ticket.status == "open"


def test_a_ticket_that_was_reopened_since_it_was_found_is_not_closed() -> None:
    story = Story()
    story.tell(fire(1, 0), resolve(2, 2), fire(3, 3))
    close, three_days = CloseTickets([story.ticket.id], at(60)), 72 * 60
    carried_out(story, close, three_days + 2)
    assert story.ticket.status == "open"
    story.tell(resolve(60.1, 60.1))
    carried_out(story, close, three_days + 60)
    assert story.ticket.status == "resolved", "anew, and later"
    carried_out(story, close, three_days + 60.1)
    assert story.ticket.status == "closed"


def test_what_a_release_before_has_resolved_is_closed_by_when_it_was_resolved() -> None:
    story = Story()
    story.tell(fire(1, 0), resolve(60.1, 60.1))
    without = structs.replace(story.ticket, close_at=None, workflow="default")
    story.gateway.ledger.tickets[without.id] = without
    carried_out(story, CloseTickets([without.id], at(60)), 100)
    assert story.ticket.status == "resolved"
    carried_out(story, CloseTickets([without.id], at(60.1)), 100)
    assert story.ticket.status == "closed"


def test_a_ticket_whose_workflow_never_closes_is_left() -> None:
    story = Story()
    story.tell(fire(1, 0), resolve(60.1, 60.1))
    major = structs.replace(story.ticket, close_at=None, workflow="major_incident")
    story.gateway.ledger.tickets[major.id] = major
    carried_out(story, CloseTickets([major.id], at(100_000)), 100_000)
    assert story.ticket.status == "resolved"


def test_only_alerts_of_which_a_verdict_is_another_are_looked_at() -> None:
    silences = TenantSilences(1, [silence(1, '{alertname="Cpu"}', ends=60)])
    found = [Labelled(STRAND, ALERT, ONE.labels), Labelled(b"s", b"a", b'{"alertname":"Disk"}')]
    assert turned(found, silences, at(5), silenced=False) == {ALERT}
    assert turned(found, silences, at(5), silenced=True) == {b"a"}
    assert turned(found, silences, at(60), silenced=True) == {ALERT, b"a"}


def test_what_a_silence_comes_over_is_shown_as_silenced_and_what_it_leaves_is_decided_on() -> None:
    story = Story()
    story.tell(fire(1, 0))
    silences = TenantSilences(1, [silence(1, '{alertname="Cpu"}', ends=60)])
    follow = FollowSilences([ALERT], STRAND, silences)
    carried_out(story, follow, 5)
    assert (story.ticket.silenced, story.ticket.firing) == (1, 1)
    carried_out(story, follow, 60)
    assert (story.ticket.silenced, story.ticket.status) == (0, "open")
