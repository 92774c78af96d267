"""What a sighting does: strand, then alert, then window and ticket, in that order.

Works on a WorkingSet in memory and reads no clock: the same rows and sightings give the same
result, however often they are replayed.
"""

from datetime import datetime

import orjson

from gateway.alerts.alert import Alert
from gateway.alerts.identity import Identity
from gateway.alerts.labels import decode_annotations
from gateway.alerts.outcome import Outcome
from gateway.alerts.rule import Rule
from gateway.effects.alert import Moved, move_alert
from gateway.effects.moves import as_of, follow_labels, leave
from gateway.effects.repeats import Held, Repeat, as_news
from gateway.effects.tickets.ticket import raise_priority, settle_ticket
from gateway.effects.working_set import Report, WorkingSet
from gateway.windows.decide import outcome_of
from gateway.windows.sightings import Summed
from gateway.windows.strand import Step, Strand, fold


def apply_sighting(rows: WorkingSet, summed: Summed) -> Outcome:
    """One summed sighting, all the way down. All its rows must be loaded, or not exist yet."""
    identity = summed.identity
    strand = rows.strands.get(identity.strand) or _new_strand(rows, summed)
    step = _move_strand(rows, strand, summed)
    left = follow_labels(rows, strand, summed, step)
    rows.report(strand.strand, identity.source, _report(summed))
    alert = rows.alerts.get(strand.fingerprint)
    if alert is None:
        alert = _new_alert(rows, summed)
    elif summed.firing and step is not Step.STALE:
        _describe(rows, alert, summed)
    outcome = _follow(rows, alert, strand, summed, step)
    if left is not None:
        leave(rows, left, identity.rule, summed.first_received_at)
    rows.outcomes[outcome] += summed.count
    return outcome


def apply_held(rows: WorkingSet, identity: Identity, held: Held, count: int) -> None:
    """*count* sightings that were held back, since they repeated what was confirmed then.

    Their outcomes were counted at that time, and what they describe was known.
    """
    strand = rows.strands[identity.strand]
    identity = as_of(rows.alerts[strand.fingerprint], identity)
    if held.state is None or held.received_at is None:
        strand.occurrences += count
        rows.changed_strands.add(strand.strand)
        return
    repeat = Repeat(
        version=held.version,
        identity=identity,
        known=held.state,
        count=count,
        received_at=held.received_at,
        lease_until=held.lease_until,
        unstarted_at=held.unstarted_at,
        annotations=None,
        url="",
    )
    for summed in as_news(repeat):
        step = _move_strand(rows, strand, summed)
        _follow(rows, rows.alerts[strand.fingerprint], strand, summed, step)


def _move_strand(rows: WorkingSet, strand: Strand, summed: Summed) -> Step:
    before = _remembered(strand)
    step = fold(strand, summed)
    rows.changed_strands.add(strand.strand)
    if _remembered(strand) != before:
        rows.void(strand.fingerprint)
    return step


def _follow(rows: WorkingSet, alert: Alert, strand: Strand, summed: Summed, step: Step) -> Outcome:
    """*strand* has moved by *step*: so do its alert and ticket."""
    identity, now = summed.identity, summed.received_at
    moved = move_alert(rows, alert, now, identity)
    strand.last_outcome = outcome = settle(rows, moved, now, identity.rule, step, summed.count)
    return outcome


def reconsider(
    rows: WorkingSet, fingerprint: bytes, now: datetime, rule: Rule, heard: bool | None = None
) -> Outcome:
    """No sighting, but something around the alert has changed (silence, quiet, lease).

    *heard*: of an alert whose lease ran out, whether a source of it has been heard since.
    """
    rows.void(fingerprint)
    moved = move_alert(rows, rows.alerts[fingerprint], now, None, heard)
    outcome = settle(rows, moved, now, rule)
    for strand in rows.strands_of[fingerprint]:
        if strand.firing:
            strand.last_outcome = outcome
    rows.outcomes[outcome] += 1
    return outcome


def settle(
    rows: WorkingSet,
    moved: Moved,
    now: datetime,
    rule: Rule,
    step: Step | None = None,
    count: int = 0,
) -> Outcome:
    """The ticket follows its alert; returns the name of what happened.

    *step* and *count* are those of a sighting; None and 0 when something else has moved the alert.
    """
    action, state = settle_ticket(rows, moved, now, rule, count)
    escalates = raise_priority(rows, moved, action, rule, now)
    return outcome_of(step, state, action, escalates)


def _remembered(strand: Strand) -> tuple[object, ...]:
    """What tells a repeat from news: if it changes, no process may go on with what it knew."""
    return (
        strand.firing, strand.expired, strand.silenced, strand.severity, strand.started_at,
        strand.latest_start, strand.resolved_at, strand.firing and strand.last_resolve_at,
    )  # fmt: skip


def _new_strand(rows: WorkingSet, summed: Summed) -> Strand:
    identity = summed.identity
    strand = Strand(
        strand=identity.strand,
        fingerprint=identity.fingerprint,
        labels=identity.labels,
        severity=identity.severity,
        first_seen=summed.first_received_at,
        last_seen=summed.received_at,
    )
    rows.add_strand(strand)
    rows.new_strands.add(strand.strand)
    return strand


def _new_alert(rows: WorkingSet, summed: Summed) -> Alert:
    identity = summed.identity
    alert = Alert(
        fingerprint=identity.fingerprint,
        labels=identity.alert_labels,
        annotations=orjson.dumps(decode_annotations(summed.annotations)),
        severity=identity.severity,
        rule=identity.rule.name,
        merge_key=identity.merge_key,
        first_seen=summed.first_received_at,
    )
    rows.alerts[alert.fingerprint] = alert
    rows.new_alerts.add(alert.fingerprint)
    return alert


def _report(summed: Summed) -> Report:
    return Report(
        strand=summed.identity.strand,
        source=summed.identity.source,
        source_fingerprint=summed.source_fingerprint,
        url=summed.url,
        lease_until=summed.lease_until if summed.firing else summed.received_at,
        last_seen=summed.received_at,
    )


def _describe(rows: WorkingSet, alert: Alert, summed: Summed) -> None:
    if summed.annotations:
        alert.annotations = orjson.dumps(decode_annotations(summed.annotations))
        rows.changed_alerts.add(alert.fingerprint)
