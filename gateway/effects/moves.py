"""A strand goes to the alert that its labels now name, with all that it has counted.

Its key stays while its fingerprint may change: another list of ignored labels, or a source that
names its alerts itself and has edited their labels. So a sighting finds its strand first, and the
strand says which alert is meant.
"""

from datetime import datetime

import msgspec
import orjson

from gateway.alerts.alert import Alert, AlertStatus, shown_end
from gateway.alerts.identity import Identity
from gateway.alerts.rule import Rule
from gateway.effects.alert import move_alert
from gateway.effects.tickets.ticket import settle_ticket
from gateway.effects.working_set import WorkingSet
from gateway.windows.sightings import Summed
from gateway.windows.strand import Step, Strand


def follow_labels(rows: WorkingSet, strand: Strand, summed: Summed, step: Step) -> bytes | None:
    """*strand* as *summed* names it, which has just moved it by *step*. Returns the fingerprint of
    the alert that it left, which must be brought up to that by `leave`; None if it stays.
    """
    identity, former = summed.identity, strand.fingerprint
    if not _names(strand, summed, step):
        return None
    if former == identity.fingerprint:
        if not _same_labels(strand.labels, identity.labels):
            strand.labels = identity.labels
            rows.renamed_strands.add(strand.strand)
        return None
    strand.labels = identity.labels
    rows.move_strand(strand, identity.fingerprint, strand.occurrences - summed.count)
    return former


def _names(strand: Strand, summed: Summed, step: Step) -> bool:
    """The firing sighting received last says what the labels are, or the one that makes it fire.
    A resolve ends the strand where it is.
    """
    if not summed.firing or step is Step.STALE:
        return False
    return step is not Step.CONTINUED or summed.received_at == strand.last_firing_at


def _same_labels(one: bytes, other: bytes) -> bool:
    return one == other or orjson.loads(one) == orjson.loads(other)


def leave(rows: WorkingSet, fingerprint: bytes, rule: Rule, now: datetime) -> None:
    """A strand has gone from this alert: status, episode, window and ticket follow. *rule* is asked
    of nothing that could be opened: an alert that goes on firing keeps what it has.
    """
    alert = rows.alerts[fingerprint]
    quiet_until = alert.quiet_until
    moved = move_alert(rows, alert, now, None)
    if alert.fires:
        alert.quiet_until = quiet_until  # one that is over is for its clock, which knows the rule
        return
    if alert.status is AlertStatus.RESOLVED and not moved.before.over:
        alert.ends_at = now
        rows.episodes[fingerprint, alert.episodes].ends_at = shown_end(alert.starts_at, now)
    settle_ticket(rows, moved, now, rule, 0)


def as_of(alert: Alert, identity: Identity) -> Identity:
    """*identity* for sightings that were held back of *alert*, whatever it names by now: they stay
    where its episode is.
    """
    if identity.fingerprint == alert.fingerprint:
        return identity
    kept = {"fingerprint": alert.fingerprint, "merge_key": alert.merge_key}
    return msgspec.structs.replace(identity, **kept)
