"""A strand keeps its key, and goes to the alert that its labels name now, with all it counted."""

from collections.abc import Mapping

from gateway.alerts.alert import AlertStatus
from gateway.alerts.rule import Rule
from gateway.tickets.ticket import Ticket, TicketStatus
from matchers import parse
from tests.alerts.identities import at, identity, sighting
from tests.intake.gateway_in_memory import MemoryGateway, minutes
from tests.intake.laws import check_laws, check_laws_without_people, counted_on, occurrences
from tests.silences.silences import silence

PAIR = [{"alertname": "Disk", "replica": replica} for replica in "ab"]
NOTHING: frozenset[str] = frozenset()
REPLICA = frozenset({"replica"})
TEAM = Rule("team", group_by=("team",), window=minutes(20))
RENAMED = ({"alertname": "Load"}, {"alertname": "High load", "idc": "fra"})


class Moving:
    """A gateway whose list of ignored labels changes."""

    def __init__(self, *rules: Rule, ignored: frozenset[str] = NOTHING) -> None:
        self.gateway = MemoryGateway(rules, ignored)

    def hear(
        self,
        minute: float,
        *all_labels: Mapping[str, str],
        firing: bool = True,
        began: float = 0,
        named: str = "",
        source: str = "prometheus",
    ) -> None:
        time = {"starts_at": at(began)} if firing else {"ends_at": at(minute)}
        seen = [
            sighting(labels, firing=firing, discriminator=named, **time) for labels in all_labels
        ]
        self.gateway.deliver((at(minute), source, seen))
        check_laws(self.gateway.ledger, at(minute))
        check_laws_without_people(self.gateway.ledger)

    def alert(self, labels: Mapping[str, str]) -> AlertStatus:
        """The status of what these labels name now."""
        fingerprint = identity(labels, ignored=sorted(self.gateway.ignored)).fingerprint
        return self.gateway.ledger.alerts[fingerprint].status

    def statuses(self) -> list[TicketStatus]:
        return [ticket.status for ticket in self.gateway.tickets]

    def counts(self) -> list[int]:
        """Sightings on each ticket."""
        return [counted_on(self.gateway.ledger, ticket) for ticket in self.gateway.tickets]

    def told(self, ticket: Ticket) -> list[str | None]:
        rows = self.gateway.ledger.history[ticket.id]
        return [row.entry.new for row in rows if row.entry.field == "status"]


def test_when_a_label_is_ignored_the_next_sighting_ends_the_old_ticket() -> None:
    moving = Moving()
    moving.hear(1, *PAIR)
    assert moving.statuses() == [TicketStatus.OPEN, TicketStatus.OPEN]
    moving.gateway.configure(ignored=REPLICA)
    moving.hear(2, PAIR[0])
    assert moving.statuses() == [TicketStatus.RESOLVED, TicketStatus.OPEN, TicketStatus.OPEN]
    moving.hear(3, PAIR[1])
    assert moving.statuses() == [TicketStatus.RESOLVED, TicketStatus.RESOLVED, TicketStatus.OPEN]
    moving.hear(4, *PAIR, firing=False)
    assert moving.statuses() == [TicketStatus.RESOLVED] * 3
    assert len(moving.gateway.ledger.strands) == 2


def test_when_a_label_is_ignored_no_more_a_pair_parts() -> None:
    moving = Moving(ignored=REPLICA)
    moving.hear(1, *PAIR)
    moving.gateway.configure(ignored=NOTHING)
    moving.hear(2, PAIR[0])
    assert moving.statuses() == [TicketStatus.OPEN, TicketStatus.OPEN]
    moving.hear(3, PAIR[1])
    assert moving.statuses() == [TicketStatus.RESOLVED, TicketStatus.OPEN, TicketStatus.OPEN]
    assert moving.alert(PAIR[0]) is moving.alert(PAIR[1]) is AlertStatus.FIRING


def test_a_resolve_ends_the_strand_where_it_is() -> None:
    moving = Moving()
    moving.hear(1, PAIR[0])
    moving.gateway.configure(ignored=REPLICA)
    moving.hear(2, PAIR[0], firing=False)
    assert moving.statuses() == [TicketStatus.RESOLVED]
    assert len(moving.gateway.ledger.alerts) == 1


def test_a_repeat_of_a_strand_whose_alert_is_another_now_is_news() -> None:
    moving = Moving()
    moving.hear(1, PAIR[0])
    older = moving.gateway.cache
    moving.gateway.configure(ignored=REPLICA)
    moving.hear(2, PAIR[0])
    newer, moving.gateway.cache = moving.gateway.cache, older
    ours, theirs = (cache.memory(1, identity(PAIR[0]).strand) for cache in (older, newer))
    assert ours is not None
    assert theirs is not None
    ours.confirmed = theirs.confirmed  # recalled by a process that was not restarted yet
    moving.hear(3, PAIR[0])
    assert moving.gateway.repeats == 0
    assert moving.statuses() == [TicketStatus.OPEN, TicketStatus.RESOLVED]


def test_tickets_keep_what_was_counted_while_their_strand_was_on_them() -> None:
    moving = Moving()
    moving.hear(1, PAIR[0], PAIR[0], PAIR[0], PAIR[1])
    moving.gateway.configure(ignored=REPLICA)
    moving.hear(2, PAIR[0], PAIR[0])
    moving.hear(3, PAIR[1])
    moving.hear(4, *PAIR)
    assert moving.counts() == [3, 1, 5]
    [gone, other, present] = moving.gateway.ledger.alerts.values()
    ledger = moving.gateway.ledger
    assert [occurrences(ledger, one) for one in (gone, other, present)] == [0, 0, 9]


def test_tickets_keep_what_was_counted_also_when_a_pair_meets_in_one_batch() -> None:
    moving = Moving()
    moving.hear(1, *PAIR)
    moving.gateway.configure(ignored=REPLICA)
    moving.hear(2, PAIR[0], PAIR[1], PAIR[0])
    assert moving.counts() == [1, 1, 3]


def test_within_a_group_the_ticket_goes_on_without_a_flap() -> None:
    moving = Moving(TEAM)
    both = [{**labels, "team": "x"} for labels in PAIR]
    moving.hear(1, *both)
    moving.gateway.configure(ignored=REPLICA)
    moving.hear(2, both[0])
    moving.hear(3, both[1])
    [ticket] = moving.gateway.tickets
    assert (ticket.status, ticket.flaps, ticket.firing) == (TicketStatus.OPEN, 0, 1)
    assert moving.told(ticket) == ["open"]
    moving.hear(4, both[0], firing=False)
    assert moving.statuses() == [TicketStatus.OPEN]
    moving.hear(5, both[1], firing=False)
    assert moving.statuses() == [TicketStatus.RESOLVED]


def test_the_alert_that_was_left_ends_when_its_last_firing_strand_goes() -> None:
    moving = Moving()
    moving.hear(1, PAIR[0])
    left = identity(PAIR[0]).fingerprint
    moving.gateway.configure(ignored=REPLICA)
    moving.hear(7, PAIR[0])
    ledger = moving.gateway.ledger
    assert (ledger.alerts[left].starts_at, ledger.alerts[left].ends_at) == (at(0), at(7))
    assert ledger.episodes[left, 1].ends_at == at(7)


def test_what_is_named_by_its_source_ends_whatever_labels_its_recovery_carries() -> None:
    moving = Moving()
    moving.hear(1, RENAMED[0], named="h1", source="n9e")
    moving.hear(2, RENAMED[1], named="h1", source="n9e", firing=False)
    assert moving.statuses() == [TicketStatus.RESOLVED]
    [alert] = moving.gateway.ledger.alerts.values()
    assert alert.status is AlertStatus.RESOLVED


def test_what_is_named_by_its_source_is_the_alert_that_its_firing_labels_say() -> None:
    moving = Moving()
    moving.hear(1, RENAMED[0], named="h1", source="n9e")
    moving.hear(2, RENAMED[1], named="h1", source="n9e")
    assert moving.statuses() == [TicketStatus.RESOLVED, TicketStatus.OPEN]
    assert moving.alert(RENAMED[1]) is AlertStatus.FIRING
    [strand] = moving.gateway.ledger.strands.values()
    assert b"High load" in strand.labels
    moving.hear(3, RENAMED[0], named="h1", source="n9e", firing=False)
    assert moving.statuses() == [TicketStatus.RESOLVED, TicketStatus.RESOLVED]


def test_a_late_firing_sighting_takes_no_strand_back() -> None:
    moving = Moving()
    moving.hear(5, RENAMED[1], named="h1", source="n9e")
    moving.gateway.begin_journal()  # another process drains what it took in before
    moving.hear(3, RENAMED[0], named="h1", source="n9e")
    [strand], [alert] = (
        moving.gateway.ledger.strands.values(),
        moving.gateway.ledger.alerts.values(),
    )
    assert strand.fingerprint == alert.fingerprint == identity(RENAMED[1]).fingerprint
    assert moving.counts() == [2]


def test_an_ignored_label_that_its_source_has_edited_is_seen_by_silences() -> None:
    moving = Moving(ignored=REPLICA)
    moving.hear(1, PAIR[0], named="h1", source="n9e")
    moving.gateway.silence(silence(1, 'replica="b"', 0, 60))
    moving.hear(2, PAIR[1], named="h1", source="n9e")
    [alert], [strand] = (
        moving.gateway.ledger.alerts.values(),
        moving.gateway.ledger.strands.values(),
    )
    assert alert.silenced
    assert b'"replica":"b"' in strand.labels


def test_rules_and_silences_see_what_is_ignored() -> None:
    rule = Rule("b", matchers=parse('replica="b"'), window=minutes(5))
    moving = Moving(rule, ignored=REPLICA)
    moving.gateway.silence(silence(1, 'replica="a"', 0, 60))
    moving.hear(1, PAIR[0])
    assert moving.statuses() == []
    moving.hear(2, PAIR[1])
    assert moving.statuses() == [TicketStatus.OPEN]
