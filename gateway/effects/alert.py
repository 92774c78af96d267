"""What moved strands mean for their alert: status, episode, and the window it is in."""

from datetime import datetime

import msgspec

from gateway.alerts.alert import Alert, AlertStatus
from gateway.alerts.identity import Identity
from gateway.effects.condition import Condition, condition_of
from gateway.effects.counts import recount, weight
from gateway.effects.episode import follow_in_episode
from gateway.effects.status import set_status
from gateway.effects.working_set import WorkingSet
from gateway.windows.decide import AlertState
from gateway.windows.strand import Strand
from gateway.windows.window import Window


class Moved(msgspec.Struct, frozen=True, gc=False):
    """An alert just after its strands moved: what it was, and what the ticket must know."""

    alert: Alert
    before: Condition
    window_was_open: bool
    began: bool
    """A new episode."""
    stopped: bool
    """It fired, or may have, and does not any more."""
    louder: bool
    """More severe than people had heard of it: it may have begun, risen or been held back."""


def alert_state(alert: Alert, now: datetime) -> AlertState:
    """The alert as far as its ticket is concerned."""
    match alert.status:
        case AlertStatus.FIRING if alert.silenced:
            return AlertState.SILENCED
        case AlertStatus.FIRING:
            return AlertState.QUIET if alert.quiet(now) else AlertState.FIRING
        case AlertStatus.EXPIRED:
            return AlertState.UNCONFIRMED if alert.unconfirmed else AlertState.EXPIRED
        case AlertStatus.RESOLVED:
            return AlertState.OVER


def move_alert(
    rows: WorkingSet,
    alert: Alert,
    now: datetime,
    identity: Identity | None,
    heard: bool | None = None,
) -> Moved:
    """Bring *alert*, its episode and its window up to its strands.

    *identity* is that of the sighting; None when a worker asks, which then may say in *heard*
    whether a source of an expired alert has been heard since.
    """
    before = condition_of(alert)
    _follow_strands(alert, rows.strands_of[alert.fingerprint], now, heard)
    follow_in_episode(rows, alert, before, identity)
    window_was_open = _follow_in_window(rows, alert, before, identity, now)
    after = condition_of(alert)
    _follow_in_others(rows, alert, before, after)
    return Moved(
        alert=alert,
        before=before,
        window_was_open=window_was_open,
        began=before.over and alert.fires,
        stopped=before.might_fire and not after.might_fire,
        louder=after.loudness > before.loudness,
    )


def _follow_strands(alert: Alert, strands: list[Strand], now: datetime, heard: bool | None) -> None:
    """The alert itself: a quiet that is over, and its status."""
    if not alert.quiet(now):
        alert.quiet_until = None
    set_status(alert, strands)
    if heard is not None and alert.status is AlertStatus.EXPIRED:
        alert.unconfirmed = not heard


def _follow_in_window(
    rows: WorkingSet, alert: Alert, before: Condition, identity: Identity | None, now: datetime
) -> bool:
    """Its window counts those that fire. Was it open before that?"""
    fired = before.status is AlertStatus.FIRING
    window = _window_of(rows, alert, identity, began=before.over and alert.fires)
    was_open = window.is_open(now)
    if alert.fires != fired:
        window.count_firing(1 if alert.fires else -1, now)
        rows.changed_windows.add(window.merge_key)
    return was_open


def _follow_in_others(rows: WorkingSet, alert: Alert, before: Condition, after: Condition) -> None:
    """What processes remember of it, and what its ticket counts."""
    if after != before:
        rows.void(alert.fingerprint)
    if alert.ticket_id is not None:
        recount(rows, alert.ticket_id, weight(before), weight(after))


def _window_of(rows: WorkingSet, alert: Alert, identity: Identity | None, *, began: bool) -> Window:
    window = rows.windows.get(alert.merge_key)
    if window is None:
        if identity is None:
            raise LookupError("an alert without its window was not loaded")
        rule = identity.rule
        window = Window(alert.merge_key, rule.name, rule.window, rule.auto_resolve)
        rows.windows[alert.merge_key] = window
        rows.new_windows.add(alert.merge_key)
    elif began and identity is not None:  # a changed rule takes effect with the next episode
        rule = identity.rule
        window.rule, window.length = rule.name, rule.window
        window.auto_resolve = rule.auto_resolve
        rows.changed_windows.add(window.merge_key)
    return window
