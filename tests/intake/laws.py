"""What holds of the rows of a ledger after every step, whoever made it."""

from collections import Counter
from datetime import datetime
from itertools import pairwise

from gateway.alerts.alert import Alert, AlertStatus
from gateway.effects.alert import alert_state
from gateway.history.chain import Entry, first_break
from gateway.tickets.ticket import ENDED, SYSTEM, Ticket
from gateway.windows.decide import AlertState
from tests.intake.in_memory import MemoryLedger
from tests.intake.witness import Witness


def check_laws(ledger: MemoryLedger, now: datetime) -> None:
    """Everything that must always be so."""
    _alerts_are_what_their_strands_say(ledger)
    _no_episode_ends_before_it_began(ledger)
    _at_most_one_live_ticket_a_key(ledger)
    _who_is_heard_has_a_live_ticket(ledger, now)
    _counters_are_what_a_recount_gives(ledger)
    _every_original_is_a_root(ledger)
    _windows_are_open_while_something_fires(ledger, now)
    _links_follow_the_alerts(ledger)
    _history_tells_every_status(ledger)


def check_laws_without_people(ledger: MemoryLedger) -> None:
    """A ticket that nobody touched is live only while something on it fires, or may do so."""
    for ticket in ledger.tickets.values():
        if ticket.live:
            assert ticket.firing + ticket.unconfirmed > 0, ticket


def check_laws_of_history(ledger: MemoryLedger, witness: Witness, now: datetime) -> None:
    """Everything that the sightings applied so far decide, told by one who saw each of them alone.

    To be called after each step: it also notes which tickets the episodes are on.
    """
    _note_tickets(ledger, witness, now)
    check_episodes(ledger, witness)
    check_windows_and_annotations(ledger, witness)


def _note_tickets(ledger: MemoryLedger, witness: Witness, now: datetime) -> None:
    """An episode is on the ticket that its alert is on when it begins, if that is live, and on
    every one that it has because it is heard.
    """
    for fingerprint, life in witness.lives.items():
        ticket_id = ledger.alerts[fingerprint].ticket_id
        if life.running and ticket_id is not None:
            heard = alert_state(ledger.alerts[fingerprint], now) is AlertState.FIRING
            begins = len(life.spans) > witness.noted.get(fingerprint, 0)
            if heard or (begins and ledger.tickets[ticket_id].live):
                witness.note_ticket(fingerprint, ticket_id)
        witness.noted[fingerprint] = len(life.spans)


def check_episodes(ledger: MemoryLedger, witness: Witness) -> None:
    """Episodes are what the strands' history says, and alerts have the last of them."""
    assert ledger.episodes.keys() == {
        (fingerprint, number)
        for fingerprint, life in witness.lives.items()
        for number, _ in enumerate(life.spans, start=1)
    }
    for fingerprint, life in witness.lives.items():
        alert = ledger.alerts[fingerprint]
        assert (alert.episodes, alert.merge_key) == (len(life.spans), life.merge_key)
        if life.spans:
            assert (alert.rule, alert.starts_at) == (life.spans[-1].rule, life.spans[-1].start)
        for number, span in enumerate(life.spans, start=1):
            episode = ledger.episodes[fingerprint, number]
            assert (episode.rule, episode.merge_key) == (span.rule, span.merge_key)
            assert (episode.starts_at, episode.ends_at) == (span.start, span.end)
            assert episode.ticket_id == (span.tickets[-1] if span.tickets else None)


def check_windows_and_annotations(ledger: MemoryLedger, witness: Witness) -> None:
    """A window has the rule and length of its last episode, an alert the annotations of its last
    firing sighting that was not stale.
    """
    found = {key: (w.rule, w.length, w.auto_resolve) for key, w in ledger.windows.items()}
    assert found == witness.policies
    for fingerprint, life in witness.lives.items():
        assert ledger.alerts[fingerprint].annotations == life.annotations


def check_counts_of_episodes(ledger: MemoryLedger, witness: Witness) -> None:
    """Where people do nothing: a ticket counts the episodes that were on it, each once."""
    on_it = Counter(
        ticket for life in witness.lives.values() for span in life.spans for ticket in span.tickets
    )
    assert {key: ticket.episodes for key, ticket in ledger.tickets.items()} == on_it


def live_keys(ledger: MemoryLedger) -> list[bytes | None]:
    """Merge keys of the live tickets that are no duplicates."""
    live = [ticket for ticket in ledger.tickets.values() if _stands_alone(ticket)]
    return sorted(ticket.merge_key or b"" for ticket in live)


def _stands_alone(ticket: Ticket) -> bool:
    """Live, and for itself: no original stands for it."""
    return ticket.live and ticket.duplicate_of is None


def _alerts_are_what_their_strands_say(ledger: MemoryLedger) -> None:
    for alert in ledger.alerts.values():
        strands = [one for one in ledger.strands.values() if one.fingerprint == alert.fingerprint]
        firing = [one for one in strands if one.fires]
        assert alert.fires is bool(firing)
        if firing:
            assert alert.silenced is all(one.silenced for one in firing)
            assert alert.severity.rank == max(one.severity.rank for one in firing)
            assert (alert.ends_at, alert.unconfirmed) == (None, False)
        elif not any(one.firing for one in strands):
            assert alert.status is AlertStatus.RESOLVED
        if alert.status is AlertStatus.RESOLVED:
            assert (alert.quiet_until, alert.unconfirmed) == (None, False)


def _no_episode_ends_before_it_began(ledger: MemoryLedger) -> None:
    """One that goes on again, since the strand that had answered for it has gone, is not over."""
    for (fingerprint, number), one in ledger.episodes.items():
        alert = ledger.alerts[fingerprint]
        if one.ends_at is not None and (
            alert.status is AlertStatus.RESOLVED or number < alert.episodes
        ):
            assert one.ends_at >= one.starts_at, one


def _at_most_one_live_ticket_a_key(ledger: MemoryLedger) -> None:
    keys = live_keys(ledger)
    assert len(keys) == len(set(keys))
    for ticket in ledger.tickets.values():
        if _stands_alone(ticket):
            assert ticket.merge_key is not None
            assert ledger.windows[ticket.merge_key].ticket_id == ticket.id


def _who_is_heard_has_a_live_ticket(ledger: MemoryLedger, now: datetime) -> None:
    for alert in ledger.alerts.values():
        if alert_state(alert, now) is AlertState.FIRING:
            assert alert.ticket_id is not None
            ticket = ledger.tickets[alert.ticket_id]
            assert ticket.live
            assert ledger.windows[alert.merge_key].ticket_id == ticket.id
            assert ticket.duplicate_of is None
            assert ledger.windows[alert.merge_key].is_open(now)


def _every_original_is_a_root(ledger: MemoryLedger) -> None:
    """It holds the windows of what duplicates it, and ends it with itself."""
    for ticket in ledger.tickets.values():
        if ticket.duplicate_of is not None:
            original = ledger.tickets[ticket.duplicate_of]
            assert original.duplicate_of is None
            assert ticket.status in ENDED or original.status not in ENDED
            assert (ticket.firing, ticket.unconfirmed) == (0, 0)
            assert ticket.id not in {window.ticket_id for window in ledger.windows.values()}


def _windows_are_open_while_something_fires(ledger: MemoryLedger, now: datetime) -> None:
    for key, window in ledger.windows.items():
        in_it = [alert for alert in ledger.alerts.values() if alert.merge_key == key]
        assert window.firing == sum(alert.fires for alert in in_it)
        if window.is_open(now):
            assert (window.ends_at is None) is (window.firing > 0)


def _counters_are_what_a_recount_gives(ledger: MemoryLedger) -> None:
    for ticket in ledger.tickets.values():
        on_it = [alert for alert in ledger.alerts.values() if alert.ticket_id == ticket.id]
        assert (ticket.firing, ticket.silenced, ticket.unconfirmed) == (
            sum(alert.fires for alert in on_it),
            sum(alert.fires and alert.silenced for alert in on_it),
            sum(alert.unconfirmed for alert in on_it),
        )
        told = sum(one.ticket_id == ticket.id for one in ledger.episodes.values())
        least = max(told, int(ticket.requester == SYSTEM))
        assert ticket.episodes >= least, "an episode may have gone on to a later ticket"


def _links_follow_the_alerts(ledger: MemoryLedger) -> None:
    for (ticket_id, fingerprint), link in ledger.links.items():
        assert (link.after is None) is (ledger.alerts[fingerprint].ticket_id == ticket_id)
    for alert in ledger.alerts.values():
        if alert.ticket_id is not None:
            assert (alert.ticket_id, alert.fingerprint) in ledger.links
    counts = [counted_on(ledger, ticket) for ticket in ledger.tickets.values()]
    assert min(counts, default=0) >= 0
    assert sum(counts) <= sum(strand.occurrences for strand in ledger.strands.values())


def occurrences(ledger: MemoryLedger, alert: Alert) -> int:
    """Sightings of an alert."""
    strands = ledger.strands.values()
    return sum(one.occurrences for one in strands if one.fingerprint == alert.fingerprint)


def occurrences_on_tickets(ledger: MemoryLedger, alert: Alert) -> int:
    """Sightings of an alert that some ticket counts."""
    total = occurrences(ledger, alert)
    links = [link for link in ledger.links.values() if link.fingerprint == alert.fingerprint]
    return sum((total if link.after is None else link.after) - link.before for link in links)


def counted_on(ledger: MemoryLedger, ticket: Ticket) -> int:
    """Sightings that the ticket counts, also of strands that have gone from its alerts since."""
    return sum(
        (occurrences(ledger, ledger.alerts[fingerprint]) if link.after is None else link.after)
        - link.before
        for (ticket_id, fingerprint), link in ledger.links.items()
        if ticket_id == ticket.id
    )


def _history_tells_every_status(ledger: MemoryLedger) -> None:
    for ticket in ledger.tickets.values():
        rows = ledger.history[ticket.id]
        assert first_break(rows, rows[-1].hash) is None
        for name in ("status", "severity", "priority"):
            _told(ticket, name, [row.entry for row in rows if row.entry.field == name])


def _told(ticket: Ticket, name: str, entries: list[Entry]) -> None:
    for one, following in pairwise(entries):
        assert one.new == following.old
    if entries:
        assert entries[-1].new == str(getattr(ticket, name))
        assert all(entry.old != entry.new for entry in entries)
