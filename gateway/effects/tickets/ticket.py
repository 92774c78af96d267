"""What a moved alert means for its ticket: asks `decide`, and carries the answer out."""

from datetime import datetime

import msgspec
import orjson

from gateway.alerts.alert import Alert
from gateway.alerts.rule import AutoResolve, Rule
from gateway.alerts.severity import Severity
from gateway.effects.alert import Moved, alert_state
from gateway.effects.counts import recount, weight
from gateway.effects.episode import episode_of
from gateway.effects.working_set import Link, WorkingSet
from gateway.ids import new_id
from gateway.links.bind import assets_of, refer
from gateway.tickets.change import open_ticket, reopen_by_system, resolve_by_system
from gateway.tickets.edit import worsen
from gateway.tickets.naming import title_of
from gateway.tickets.priority import Matrix, priority_in, severity_of_ticket
from gateway.tickets.ticket import ENDED, SYSTEM, PriorityBy, Ticket, TicketStatus
from gateway.windows.decide import Action, AlertState, Facts, TicketState, decide
from gateway.windows.window import Window


def settle_ticket(
    rows: WorkingSet, moved: Moved, now: datetime, rule: Rule, count: int
) -> tuple[Action, AlertState]:
    alert = moved.alert
    state = alert_state(alert, now)
    window = rows.windows[alert.merge_key]
    if state is AlertState.FIRING and not window.is_open(now):
        window.open(now)
        rows.changed_windows.add(window.merge_key)
    ticket = ticket_in_question(rows, alert, window)
    action = decide(facts_of(moved, state, window, ticket))
    match action:
        case Action.OPEN:
            ticket = _open(rows, alert, window, rule, now)
            _link(rows, alert, ticket.id, now, count)
        case Action.REOPEN:
            assert ticket is not None
            flapped = alert.episode_ticket_id != ticket.id
            comment = f"alert {alert.fingerprint.hex()} fires again"
            back = rows.workflows.back_to(ticket)
            rows.save(reopen_by_system(ticket, now, flapped, comment, back))
            _link(rows, alert, ticket.id, now, count)
        case Action.JOIN:
            assert ticket is not None
            rows.join(ticket.id, alert.fingerprint, now)
            _link(rows, alert, ticket.id, now, count)
        case Action.RESOLVE:
            assert ticket is not None
            closing = rows.workflows.closing_of(ticket.workflow)
            rows.save(resolve_by_system(ticket, now, _why_over(state), closing))
        case Action.NOTHING:
            pass
    if moved.began or state is AlertState.FIRING:
        _stay_on(rows, alert)
    return action, state


def _stay_on(rows: WorkingSet, alert: Alert) -> None:
    """An alert that is on a live ticket: so is its episode, though it may have begun silenced."""
    if alert.ticket_id is None or not rows.tickets[alert.ticket_id].live:
        return
    if alert.episode_ticket_id != alert.ticket_id:
        _add_episode(rows, alert, alert.ticket_id)


def _why_over(state: AlertState) -> str:
    if state is AlertState.EXPIRED:
        return "its alerts are reported no more by a source that is still heard"
    return "none of its alerts fires any more"


def ticket_in_question(rows: WorkingSet, alert: Alert, window: Window) -> Ticket | None:
    ticket_id = window.ticket_id if alert.fires else alert.ticket_id
    return None if ticket_id is None else rows.tickets[ticket_id]


def facts_of(moved: Moved, state: AlertState, window: Window, ticket: Ticket | None) -> Facts:
    if ticket is None:
        return Facts(
            alert=state,
            ticket=TicketState.NONE,
            linked=False,
            window_open=moved.window_was_open,
            stopped=moved.stopped,
            others_fire=False,
            may_resolve=False,
        )
    return Facts(
        alert=state,
        ticket=ticket_state(ticket.status),
        linked=moved.alert.ticket_id == ticket.id,
        window_open=moved.window_was_open and not _is_original(ticket, window),
        stopped=moved.stopped,
        others_fire=ticket.firing + ticket.unconfirmed > 0,  # asked of one that is over only
        may_resolve=_may_resolve(window.auto_resolve, ticket),
    )


def _is_original(ticket: Ticket, window: Window) -> bool:
    """Does it hold the window for a duplicate? It has a window of its own, in which a newer ticket
    may be live by now, so it is not reopened for this one.
    """
    return ticket.merge_key is not None and ticket.merge_key != window.merge_key


def ticket_state(status: TicketStatus) -> TicketState:
    """The ticket as far as a decision is concerned."""
    if status is TicketStatus.RESOLVED:
        return TicketState.RESOLVED
    return TicketState.ENDED if status in ENDED else TicketState.LIVE


def _may_resolve(policy: AutoResolve, ticket: Ticket) -> bool:
    """A major one is resolved by people alone."""
    if ticket.major:
        return False
    match policy:
        case AutoResolve.ALWAYS:
            return True
        case AutoResolve.NEVER:
            return False
        case AutoResolve.UNCLAIMED:
            return not ticket.assignee and ticket.acknowledged_at is None


def _open(rows: WorkingSet, alert: Alert, window: Window, rule: Rule, now: datetime) -> Ticket:
    ticket = ticket_for(rows, alert, rule, SYSTEM, now, follows=window.ticket_id)
    rows.save(open_ticket(ticket, f"alert {alert.fingerprint.hex()} fires"))
    refer_to_assets(rows, ticket, alert, rule)
    window.ticket_id = ticket.id
    rows.changed_windows.add(window.merge_key)
    return ticket


def refer_to_assets(rows: WorkingSet, ticket: Ticket, alert: Alert, rule: Rule) -> None:
    """If the rule says which labels name any."""
    if not rule.asset_labels:
        return
    assets = assets_of(ticket, rule.asset_labels, orjson.loads(alert.labels))
    if assets:
        rows.bound.new_references.extend(assets)
        rows.save(refer(ticket, [], assets, SYSTEM, ticket.created_at))


def ticket_for(
    rows: WorkingSet,
    alert: Alert,
    rule: Rule,
    requester: str,
    now: datetime,
    *,
    follows: str | None,
) -> Ticket:
    """The ticket that an alert would open under *rule*."""
    labels = orjson.loads(alert.labels)
    kept = {n: labels.get(n, "") for n in rule.group_by} if rule.group_by else labels
    weighed = priority_in(rows.matrix, alert.severity, rule.impact, rule.urgency)
    workflow = rows.workflows.for_new(rule.type, alerts=True, chosen=rule.workflow)
    return Ticket(
        id=new_id("tk", now),
        workflow=workflow.name,
        workflow_version=workflow.version,
        title=title_of(rule.title, labels, orjson.loads(alert.annotations)),
        type=rule.type,
        priority=rule.priority or weighed,
        priority_by=PriorityBy.MATRIX if rule.priority is None else PriorityBy.RULE,
        severity=alert.severity,
        impact=rule.impact,
        urgency=rule.urgency,
        project=rule.project,
        assignee_group=rule.group,
        rule=alert.rule,
        labels=orjson.dumps(kept),
        merge_key=alert.merge_key,
        follows=follows,
        requester=requester,
        created_at=now,
        updated_at=now,
    )


def _link(rows: WorkingSet, alert: Alert, ticket_id: str, now: datetime, count: int) -> None:
    if alert.ticket_id != ticket_id:
        link_alert(rows, alert, ticket_id, now, count)
    rows.void(alert.fingerprint)


def link_alert(rows: WorkingSet, alert: Alert, ticket_id: str, now: datetime, count: int) -> None:
    """Put *alert* on a ticket, off the one it was on; *count* sightings belong there already."""
    before = rows.occurrences(alert.fingerprint) - count
    if alert.ticket_id is not None:
        former = alert.ticket_id
        key = (former, alert.fingerprint)
        known = rows.links.get(key)
        if known is None:
            rows.links[key] = Link(former, alert.fingerprint, now, before, before)
        else:
            known.after = before
        if former in rows.tickets:
            recount(rows, former, weight(alert), (0, 0, 0))
    alert.ticket_id = ticket_id
    rows.links[ticket_id, alert.fingerprint] = Link(ticket_id, alert.fingerprint, now, before)
    recount(rows, ticket_id, (0, 0, 0), weight(alert))
    if alert.episodes:
        _add_episode(rows, alert, ticket_id)


def _add_episode(rows: WorkingSet, alert: Alert, ticket_id: str) -> None:
    episode_of(rows, alert).ticket_id = alert.episode_ticket_id = ticket_id
    ticket = rows.tickets[ticket_id]
    rows.count(msgspec.structs.replace(ticket, episodes=ticket.episodes + 1))


def raise_priority(
    rows: WorkingSet, moved: Moved, action: Action, rule: Rule, now: datetime
) -> bool:
    """The ticket hears of an alert that is worse than all it has heard of: that may raise its
    priority, unless the rule has set that, and never lowers it. True if it had to be raised.
    """
    alert = moved.alert
    joined = action in (Action.JOIN, Action.REOPEN)
    if alert.ticket_id is None or not (moved.louder or joined):
        return False
    return hear_of(rows, alert, rows.tickets[alert.ticket_id], rule, now)


def hear_of(rows: WorkingSet, alert: Alert, ticket: Ticket, rule: Rule, now: datetime) -> bool:
    """The same, for an alert that is on *ticket* by now."""
    heard = alert_state(alert, now) is AlertState.FIRING
    if not heard or alert.severity.rank <= severity_of_ticket(ticket).rank:
        return False
    priority = _raised(rows.matrix, ticket, alert, rule)
    comment = f"alert {alert.fingerprint.hex()} is {alert.severity}"
    rows.save(worsen(ticket, alert.severity, priority, now, comment))
    return priority is not ticket.priority


def _raised(matrix: Matrix, ticket: Ticket, alert: Alert, rule: Rule) -> Severity:
    """Who set a priority by hand could not know of something worse; a rule is meant for all."""
    if rule.priority is not None or ticket.priority_by is PriorityBy.RULE:
        return ticket.priority
    found = priority_in(matrix, alert.severity, ticket.impact, ticket.urgency)
    return max(ticket.priority, found, key=lambda one: one.rank)
