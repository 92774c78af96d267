"""A ledger of one tenant in memory: loads and saves a working set the way the database does.

Only what is marked as new or changed is kept, and only what a batch may load is loaded: a rule that
forgets a mark, or counts on a row that is not there, fails here as it would in production.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec
import orjson

from gateway.alerts.alert import Alert, AlertStatus
from gateway.alerts.identity import Identity
from gateway.alerts.labels import decode_annotations
from gateway.effects.finish import finish_rows, move_versions
from gateway.effects.repeats import Repeat
from gateway.effects.working_set import Episode, Following, Link, Report, WorkingSet
from gateway.history.chain import Chained
from gateway.moments import later
from gateway.tickets.ticket import Ticket
from gateway.windows.strand import Strand
from gateway.windows.window import Window

T = TypeVar("T")


@dataclass
class MemoryLedger:
    """The tables, by key."""

    strands: dict[bytes, Strand] = field(default_factory=dict)
    alerts: dict[bytes, Alert] = field(default_factory=dict)
    windows: dict[bytes, Window] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    reports: dict[tuple[bytes, str], Report] = field(default_factory=dict)
    links: dict[tuple[str, bytes], Link] = field(default_factory=dict)
    episodes: dict[tuple[bytes, int], Episode] = field(default_factory=dict)
    history: dict[str, list[Chained]] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)
    """(event, ticket id), in order."""

    def load_for(self, identities: Sequence[Identity]) -> WorkingSet:
        """What sightings may touch: the alerts that they name, and those of their strands."""
        named = [one.fingerprint for one in identities]
        strands = [one.strand for one in identities if one.strand in self.strands]
        present = [self.strands[strand].fingerprint for strand in strands]
        return self.load([*named, *present], [one.merge_key for one in identities])

    def load(
        self,
        fingerprints: Iterable[bytes],
        merge_keys: Iterable[bytes] = (),
        ticket_ids: Iterable[str] = (),
    ) -> WorkingSet:
        """Alerts with their windows, strands and tickets, and nothing else."""
        rows, wanted = WorkingSet(1), set(fingerprints)
        rows.alerts = _copies(self.alerts, wanted)
        for key, alert in rows.alerts.items():
            episode = self.episodes.get((key, alert.episodes))
            alert.episode_ticket_id = None if episode is None else episode.ticket_id
        keys = {*merge_keys, *(alert.merge_key for alert in rows.alerts.values())}
        rows.windows = _copies(self.windows, keys)
        for strand in self.strands.values():
            if strand.fingerprint in wanted:
                rows.add_strand(copy(strand))
        tickets = {*ticket_ids, *(window.ticket_id for window in rows.windows.values())}
        tickets |= {alert.ticket_id for alert in rows.alerts.values()}
        rows.tickets = _copies(self.tickets, tickets)
        return rows

    def save(self, rows: WorkingSet, stamp: int) -> None:
        """Versions move to *stamp*, or by one."""
        move_versions(rows, stamp)
        finished = finish_rows(rows, len(self.tickets))
        if rows.following is not None:
            self._follow(rows.following, stamp)
        _keep(self.strands, rows.strands, rows.new_strands, rows.changed_strands)
        _keep(self.alerts, rows.alerts, rows.new_alerts, rows.changed_alerts)
        _keep(self.windows, rows.windows, rows.new_windows, rows.changed_windows)
        moved = rows.changed_tickets | rows.counted_tickets
        _keep(self.tickets, rows.tickets, rows.new_tickets, moved)
        for row in finished.chained:
            self.history.setdefault(row.entry.object_id, []).append(row)
        self._save_what_is_merged(rows)
        self.events += [(one.event.type, one.subject) for one in finished.events]

    def _follow(self, following: Following, stamp: int) -> None:
        for alert in self.alerts.values():
            if alert.ticket_id != following.ticket_id or alert.status is AlertStatus.RESOLVED:
                continue
            alert.quiet_until = following.quiet_until[alert.merge_key]
            alert.version = max(alert.version + 1, stamp)
            for strand in self.strands.values():
                if strand.fingerprint == alert.fingerprint:
                    strand.version = max(strand.version + 1, stamp)

    def _save_what_is_merged(self, rows: WorkingSet) -> None:
        for place, report in rows.reports.items():
            said = self.reports.setdefault(place, report)
            said.source_fingerprint, said.url = report.source_fingerprint, report.url
            said.lease_until = max(said.lease_until, report.lease_until)
            said.last_seen = max(said.last_seen, report.last_seen)
        for place, counted in rows.shifts.items():
            self.links[place].before += counted
        for key, link in rows.links.items():
            old = self.links.get(key)
            before = link.before if old is None else old.before
            if old is not None and old.after is not None:
                before = old.before + link.before - old.after
            self.links[key] = replace(link, before=before)
        for number, episode in rows.episodes.items():
            known = self.episodes.setdefault(number, episode)
            known.ticket_id = episode.ticket_id or known.ticket_id
            known.starts_at = episode.starts_at
            known.ends_at = episode.ends_at or known.ends_at

    def credit(self, repeat: Repeat) -> None:
        """Counts and times, and the annotations of an alert."""
        repeat.known.credited(repeat.lease_until, repeat.annotations)
        if repeat.annotations is not None:
            alert = self.alerts[repeat.identity.fingerprint]
            alert.annotations = orjson.dumps(decode_annotations(repeat.annotations))
        strand, now = self.strands[repeat.identity.strand], repeat.received_at
        strand.occurrences += repeat.count
        if repeat.known.firing:
            strand.last_firing_at = later(strand.last_firing_at, now)
        else:
            strand.last_resolve_at = later(strand.last_resolve_at, now)
        strand.unstarted_at = later(strand.unstarted_at, repeat.unstarted_at)
        strand.lease_until = later(strand.lease_until, repeat.lease_until)
        strand.last_outcome = repeat.known.outcome
        strand.last_seen = max(strand.last_seen, now)
        report = self.reports[strand.strand, repeat.identity.source]
        report.last_seen = max(report.last_seen, now)
        if repeat.lease_until is not None:
            report.lease_until = max(report.lease_until, repeat.lease_until)


def _copies(table: Mapping[Any, T], keys: Iterable[Any]) -> dict[Any, T]:
    return {key: copy(table[key]) for key in keys if key in table}


def _keep(table: dict[Any, Any], rows: Mapping[Any, Any], new: set[Any], changed: set[Any]) -> None:
    assert not new & table.keys(), "inserted twice"
    assert changed - new <= table.keys(), "updated before it was inserted"
    table |= {key: row for key, row in rows.items() if key in new | changed}


def as_values(row: Any) -> dict[str, Any]:
    """A row without its version and number, and without claims: repeats are credited to the newest
    of them, so leases may be longer.
    """
    values = msgspec.structs.asdict(row)
    for name in (
        "version",
        "claims",
        "last_firing_at",
        "lease_until",
        "episode_ticket_id",
        "number",
    ):
        values.pop(name, None)
    return values
