"""What a duplicate hands over to its original, and takes back: windows, alerts, duplicates.

So invariant 9 holds by the original: whatever fires for either joins that one.
"""

from datetime import datetime

from gateway.alerts.alert import Alert, AlertStatus
from gateway.changes.change import Change
from gateway.effects.alert import alert_state
from gateway.effects.sighting import reconsider
from gateway.effects.tickets.person import take_window
from gateway.effects.tickets.ticket import hear_of, link_alert
from gateway.effects.working_set import WorkingSet
from gateway.links.change import check_original, tell_linked, tell_unlinked, with_original
from gateway.links.link import LinkKind, TicketLink
from gateway.tickets.change import reopen_by_system
from gateway.tickets.ticket import Ticket
from gateway.windows.decide import AlertState


def mark_duplicate(rows: WorkingSet, link: TicketLink, now: datetime) -> None:
    """Raises Conflict for an original that is none, or that may not be live again.

    *rows* hold both tickets, what duplicates the first, their windows, and its running alerts.
    """
    ticket, original = rows.tickets[link.from_id], rows.tickets[link.to_id]
    check_original(ticket, original)
    alerts = _running(rows, ticket.id)
    if any(alert_state(one, now) is AlertState.FIRING for one in alerts):
        _make_live(rows, original, now)
    for window in rows.windows.values():
        if window.ticket_id == ticket.id:
            window.ticket_id = original.id
            rows.changed_windows.add(window.merge_key)
    _hand_over(rows, alerts, original.id, now)
    for one in sorted(rows.tickets.values(), key=lambda found: found.id):
        if one.duplicate_of == ticket.id:
            _point(rows, one, original.id, link.author, now)
    _say(rows, tell_linked(rows.tickets, link, link.author, now), ticket.id, original.id)


def unmark_duplicate(rows: WorkingSet, link: TicketLink, actor: str, now: datetime) -> None:
    """The ticket stands for itself again: its window is its own, with what fires in it. Raises
    Conflict if it is live, and so is a newer ticket for the same problem.
    """
    ticket, original = rows.tickets[link.from_id], rows.tickets[link.to_id]
    _say(rows, tell_unlinked(rows.tickets, link, actor, now), ticket.id, None)
    window = rows.windows.get(ticket.merge_key) if ticket.merge_key else None
    if window is None:
        return
    if window.ticket_id == original.id:
        window.ticket_id = ticket.id
        rows.changed_windows.add(window.merge_key)
    alerts = [one for one in _running(rows, original.id) if one.merge_key == ticket.merge_key]
    if ticket.live:
        take_window(rows, rows.tickets[ticket.id], now)
        _hand_over(rows, alerts, ticket.id, now)
        return
    for alert in alerts:
        reconsider(rows, alert.fingerprint, now, rows.rule_named(alert.rule))


def _running(rows: WorkingSet, ticket_id: str) -> list[Alert]:
    """What is over stays where it was: its next episode goes where its window points."""
    found = sorted(rows.alerts.items())
    alerts = [alert for _, alert in found if alert.ticket_id == ticket_id]
    return [alert for alert in alerts if alert.status is not AlertStatus.RESOLVED]


def _make_live(rows: WorkingSet, original: Ticket, now: datetime) -> None:
    """It was resolved, and what fires for its duplicate fires for it now."""
    if original.live:
        return
    take_window(rows, original, now)
    rows.save(reopen_by_system(original, now, flapped=False, comment="what duplicates it fires"))


def _hand_over(rows: WorkingSet, alerts: list[Alert], ticket_id: str, now: datetime) -> None:
    for alert in alerts:
        if rows.tickets[ticket_id].live:
            rows.join(ticket_id, alert.fingerprint, now)
        link_alert(rows, alert, ticket_id, now, 0)
        rows.void(alert.fingerprint)
        hear_of(rows, alert, rows.tickets[ticket_id], rows.rule_named(alert.rule), now)


def _point(rows: WorkingSet, ticket: Ticket, original: str, actor: str, now: datetime) -> None:
    """Every original is a root: what duplicated the duplicate duplicates its original."""
    assert ticket.duplicate_of is not None
    kind, before = LinkKind.DUPLICATES, ticket.duplicate_of
    former = TicketLink(kind=kind, from_id=ticket.id, to_id=before, author=actor, at=now)
    _say(rows, tell_unlinked(rows.tickets, former, actor, now), ticket.id, None)
    link = TicketLink(kind=kind, from_id=ticket.id, to_id=original, author=actor, at=now)
    _say(rows, tell_linked(rows.tickets, link, actor, now), ticket.id, original)


def _say(
    rows: WorkingSet, changes: tuple[Change[Ticket], ...], ticket_id: str, original: str | None
) -> None:
    for change in changes:
        is_duplicate = change.after.id == ticket_id
        rows.save(with_original(change, original) if is_duplicate else change)
