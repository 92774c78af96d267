"""What moved strands mean for their alert: status, episode, and the window it is in."""

from dataclasses import dataclass
from datetime import datetime

from gateway.alerts.alert import Alert, AlertStatus, shown_end
from gateway.alerts.identity import Identity
from gateway.alerts.severity import Severity
from gateway.effects.counts import recount, weight
from gateway.effects.working_set import Episode, WorkingSet
from gateway.windows.decide import AlertState
from gateway.windows.strand import Strand
from gateway.windows.times import later
from gateway.windows.window import Window


@dataclass(slots=True)
class Moved:
    """An alert just after its strands moved: what it was, and what the ticket must know."""

    alert: Alert
    was: AlertStatus
    window_open: bool
    """Of its window, as it was before."""
    began: bool
    """A new episode."""
    stopped: bool
    """It fired, or may have, and does not any more."""
    louder: bool
    """If it fires: more severely than was heard of it, since it began, rose or was held back."""


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
    before = _mattering(alert)
    weight_before = weight(alert)
    was, heard_at, might_fire = alert.status, _loudness(alert), _might_fire(alert)
    if not alert.quiet(now):
        alert.quiet_until = None
    strands = rows.strands_of[alert.fingerprint]
    firing = [strand for strand in strands if strand.fires]
    _set_status(alert, strands, firing)
    if heard is not None and alert.status is AlertStatus.EXPIRED:
        alert.unconfirmed = not heard
    began = was is AlertStatus.RESOLVED and alert.fires
    going_on = [*firing, *_unanswered(strands)] if alert.fires and not began else []
    _look_back(rows, alert, strands, going_on)
    if began and identity is not None:
        _begin_episode(rows, alert, identity, firing)
    window = _window_of(rows, alert, identity, began)
    window_open = window.is_open(now)
    if alert.fires != (was is AlertStatus.FIRING):
        window.count_firing(1 if alert.fires else -1, now)
        rows.changed_windows.add(window.merge_key)
    if was is not AlertStatus.RESOLVED and alert.status is AlertStatus.RESOLVED:
        _end_episode(rows, alert)
    if _mattering(alert) != before:
        rows.void(alert.fingerprint)
    if alert.ticket_id is not None:
        recount(rows, alert.ticket_id, weight_before, weight(alert))
    louder = began or _loudness(alert) > heard_at
    stopped = might_fire and not _might_fire(alert)
    return Moved(alert, was, window_open, began, stopped, louder)


def _might_fire(alert: Alert) -> bool:
    return alert.fires or alert.unconfirmed


def _loudness(alert: Alert) -> int:
    is_held_back = alert.silenced or alert.quiet_until is not None
    return 0 if is_held_back else alert.severity.rank


def _mattering(alert: Alert) -> tuple[object, ...]:
    return (
        alert.status, alert.silenced, alert.unconfirmed, alert.severity, alert.quiet_until,
        alert.ticket_id, alert.merge_key, alert.episodes, alert.starts_at, alert.ends_at,
    )  # fmt: skip


def _set_status(alert: Alert, strands: list[Strand], firing: list[Strand]) -> None:
    if firing:
        alert.status = AlertStatus.FIRING
        alert.silenced = all(strand.silenced for strand in firing)
        alert.unconfirmed = False
        alert.severity = max((strand.severity for strand in firing), key=_rank)
        alert.ends_at = None
    elif _unanswered(strands):
        alert.status = AlertStatus.EXPIRED
    else:
        alert.status = AlertStatus.RESOLVED
        alert.unconfirmed = False
        for strand in strands:
            alert.ends_at = later(alert.ends_at, strand.resolved_at)


def _unanswered(strands: list[Strand]) -> list[Strand]:
    """Those whose lease ran out, and no other strand has said since that the alert is over.

    A replica that is gone for good must not keep every later episode from ending.
    """
    lost = [one for one in strands if one.firing and one.expired]
    ends = [one.last_resolve_at for one in strands if one not in lost and one.last_resolve_at]
    last_end = max(ends, default=None)
    return [
        one
        for one in lost
        if last_end is None or one.last_firing_at is None or one.last_firing_at > last_end
    ]


def _rank(severity: Severity) -> int:
    return severity.rank


def _look_back(
    rows: WorkingSet, alert: Alert, strands: list[Strand], going_on: list[Strand]
) -> None:
    """What is heard late may have come first, or say when the running episode really began."""
    first_seen = min((strand.first_seen for strand in strands), default=alert.first_seen)
    if first_seen < alert.first_seen:
        alert.first_seen = first_seen
        rows.changed_alerts.add(alert.fingerprint)
    if not going_on or alert.starts_at is None:
        return
    starts_at = _start_of(going_on)
    if starts_at != alert.starts_at:
        alert.starts_at = starts_at
        episode = Episode(
            alert.fingerprint, alert.episodes, alert.rule, alert.merge_key, None, starts_at, None
        )
        known = rows.episodes.setdefault((alert.fingerprint, alert.episodes), episode)
        known.starts_at = starts_at


def _start_of(firing: list[Strand]) -> datetime:
    return min(strand.started_at or strand.first_seen for strand in firing)


def _begin_episode(
    rows: WorkingSet, alert: Alert, identity: Identity, firing: list[Strand]
) -> None:
    alert.episodes, alert.episode_ticket_id = alert.episodes + 1, None
    alert.starts_at = _start_of(firing)
    alert.merge_key, alert.rule = identity.merge_key, identity.rule.name
    rows.episodes[alert.fingerprint, alert.episodes] = Episode(
        alert.fingerprint, alert.episodes, alert.rule, alert.merge_key, None, alert.starts_at, None
    )


def _end_episode(rows: WorkingSet, alert: Alert) -> None:
    alert.quiet_until = None
    key = alert.fingerprint, alert.episodes
    ends_at = shown_end(alert.starts_at, alert.ends_at)
    known = rows.episodes.get(key)
    if known is None:
        assert alert.starts_at is not None
        rows.episodes[key] = Episode(
            *key, alert.rule, alert.merge_key, None, alert.starts_at, ends_at
        )
    else:
        known.ends_at = ends_at


def _window_of(rows: WorkingSet, alert: Alert, identity: Identity | None, began: bool) -> Window:
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
