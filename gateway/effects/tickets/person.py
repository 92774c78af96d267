"""What a person's step on a ticket does to its alerts: quiet, and the window's ticket."""

from datetime import datetime

from gateway.alerts.alert import Alert
from gateway.alerts.rule import Rule
from gateway.effects.tickets.ending import end_duplicates
from gateway.effects.tickets.ticket import link_alert, refer_to_assets, ticket_for
from gateway.effects.working_set import Following, WorkingSet
from gateway.errors import Conflict
from gateway.moments import FOREVER
from gateway.tickets.change import TicketChange, open_ticket
from gateway.tickets.ticket import LIVE, Ticket, TicketStatus
from gateway.windows.window import Window


def step_by_person(rows: WorkingSet, change: TicketChange, now: datetime) -> Ticket:
    """Save a *change* that moves a ticket; its alerts follow. Raises Conflict against a newer live
    one.

    *rows* hold the ticket and the windows of its alerts; the alerts may be too many to load. Among
    live statuses nothing changes for them: what people have said of them is read from the ticket.
    """
    after = change.after
    before = rows.tickets[after.id]
    if after.live and not before.live:
        take_window(rows, before, now)
    rows.save(change)
    if before.status is not after.status and not (before.live and after.live):
        quiet = {key: _quiet_until(one, after.status, now) for key, one in rows.windows.items()}
        rows.following = Following(after.id, quiet)
    end_duplicates(rows, [one for one in rows.tickets.values() if one.duplicate_of], now)
    return rows.tickets[after.id]


def newer_live(rows: WorkingSet, ticket: Ticket) -> Ticket | None:
    """The ticket that is live for the same problem as *ticket*, if that is another one."""
    window = rows.windows.get(ticket.merge_key) if ticket.merge_key else None
    newer = rows.tickets.get(window.ticket_id) if window and window.ticket_id else None
    return newer if newer is not None and newer.id != ticket.id and newer.live else None


def take_window(rows: WorkingSet, ticket: Ticket, now: datetime) -> None:
    """A reopened ticket is its window's ticket again, unless a newer one is live. What was quieted
    while the window ended may fire on it: then the window is open again.
    """
    window = rows.windows.get(ticket.merge_key) if ticket.merge_key else None
    if window is None or ticket.duplicate_of is not None:  # its original holds it
        return
    newer = newer_live(rows, ticket)
    if newer is not None:
        raise Conflict(
            f"ticket {newer.id} is live for the same problem",
            code="newer_ticket_live",
            extra={"ticket_id": newer.id},
        )
    window.ticket_id = ticket.id
    if window.firing:
        window.open(now)
    rows.changed_windows.add(window.merge_key)


def _quiet_until(window: Window, to: TicketStatus, now: datetime) -> datetime | None:
    if to in LIVE:
        return None
    return FOREVER if to is TicketStatus.CANCELLED else now + window.length


def ticket_by_person(
    rows: WorkingSet,
    alert: Alert,
    of_episode: Ticket | None,
    rule: Rule,
    actor: str,
    now: datetime,
) -> tuple[Ticket, bool]:
    """The ticket of the alert's episode, and whether it had to be opened.

    *of_episode* is the ticket that the running (or last) episode already has.
    """
    window = rows.windows[alert.merge_key]
    live = rows.tickets.get(window.ticket_id) if window.ticket_id else None
    if live is not None and live.live:
        if alert.ticket_id != live.id:
            rows.join(live.id, alert.fingerprint, now)
            _put_on(rows, alert, live.id, now)
        return rows.tickets[live.id], False
    if of_episode is not None:
        return of_episode, False
    ticket = ticket_for(rows, alert, rule, actor, now, follows=window.ticket_id)
    rows.save(open_ticket(ticket, f"for alert {alert.fingerprint.hex()}"))
    refer_to_assets(rows, ticket, alert, rule)
    window.ticket_id = ticket.id
    if alert.fires:
        window.open(now)
    rows.changed_windows.add(window.merge_key)
    _put_on(rows, alert, ticket.id, now)
    return rows.tickets[ticket.id], True


def _put_on(rows: WorkingSet, alert: Alert, ticket_id: str, now: datetime) -> None:
    link_alert(rows, alert, ticket_id, now, 0)
    alert.quiet_until = None
    rows.void(alert.fingerprint)
