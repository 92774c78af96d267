"""An alert's episodes: one begins when it fires and was over, and ends when it is over again."""

from datetime import datetime

from gateway.alerts.alert import Alert, AlertStatus, shown_end
from gateway.alerts.identity import Identity
from gateway.effects.condition import Condition
from gateway.effects.status import unanswered
from gateway.effects.working_set import Episode, WorkingSet
from gateway.windows.strand import Strand


def follow_in_episode(
    rows: WorkingSet, alert: Alert, before: Condition, identity: Identity | None
) -> None:
    """The running episode begins, turns out to have begun earlier, or ends."""
    strands = rows.strands_of[alert.fingerprint]
    _look_back(rows, alert, strands)
    if alert.fires and not before.over:
        _start_earlier(rows, alert, strands)
    elif alert.fires and identity is not None:
        _begin(rows, alert, identity, strands)
    elif alert.status is AlertStatus.RESOLVED and not before.over:
        _end(rows, alert)


def _look_back(rows: WorkingSet, alert: Alert, strands: list[Strand]) -> None:
    """What is heard late may have come first."""
    first_seen = min((strand.first_seen for strand in strands), default=alert.first_seen)
    if first_seen < alert.first_seen:
        alert.first_seen = first_seen
        rows.changed_alerts.add(alert.fingerprint)


def _start_earlier(rows: WorkingSet, alert: Alert, strands: list[Strand]) -> None:
    """What is heard late may say when the running episode really began."""
    going_on = [*(strand for strand in strands if strand.fires), *unanswered(strands)]
    starts_at = _start_of(going_on)
    if alert.starts_at is None or starts_at == alert.starts_at:
        return
    alert.starts_at = starts_at
    episode_of(rows, alert).starts_at = starts_at


def _begin(rows: WorkingSet, alert: Alert, identity: Identity, strands: list[Strand]) -> None:
    alert.episodes, alert.episode_ticket_id = alert.episodes + 1, None
    alert.starts_at = _start_of([strand for strand in strands if strand.fires])
    alert.merge_key, alert.rule = identity.merge_key, identity.rule.name
    episode_of(rows, alert)


def _end(rows: WorkingSet, alert: Alert) -> None:
    alert.quiet_until = None
    episode_of(rows, alert).ends_at = shown_end(alert.starts_at, alert.ends_at)


def _start_of(strands: list[Strand]) -> datetime:
    return min(strand.started_at or strand.first_seen for strand in strands)


def episode_of(rows: WorkingSet, alert: Alert) -> Episode:
    """The last one of *alert*, to be written with what is changed in it."""
    key = alert.fingerprint, alert.episodes
    known = rows.episodes.get(key)
    if known is None:
        assert alert.starts_at is not None
        known = rows.episodes[key] = Episode(
            fingerprint=alert.fingerprint,
            number=alert.episodes,
            rule=alert.rule,
            merge_key=alert.merge_key,
            ticket_id=None,
            starts_at=alert.starts_at,
            ends_at=shown_end(alert.starts_at, alert.ends_at),
        )
    return known
