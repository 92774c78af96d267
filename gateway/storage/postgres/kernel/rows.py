"""Rows of the ledger's tables to the values of the rules, and back to arrays for `unnest`."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import asyncpg

from gateway.alerts.alert import Alert, AlertStatus, Triage
from gateway.alerts.rule import AutoResolve
from gateway.alerts.severity import Severity
from gateway.history.chain import Chained
from gateway.storage.postgres.kernel.claims import pack_claims, unpack_claims
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.windows.strand import Strand
from gateway.windows.times import FOREVER
from gateway.windows.window import Window

ALERT = (
    "fingerprint", "labels", "annotations", "severity", "status", "silenced", "unconfirmed",
    "triage", "rule", "merge_key", "ticket_id", "starts_at", "ends_at", "quiet_until", "first_seen",
    "episodes", "version",
)  # fmt: skip
STRAND = (
    "strand", "fingerprint", "labels", "severity", "claims", "fired_at", "resolved_at",
    "unended_at", "unstarted_at", "last_firing_at", "last_resolve_at", "started_at", "lease_until",
    "lease_check_at", "firing", "expired", "silenced", "occurrences", "last_outcome", "first_seen",
    "last_seen", "version",
)  # fmt: skip
WINDOW = (
    "merge_key", "rule", "length", "auto_resolve", "opened_at", "ends_at", "firing", "ticket_id",
)  # fmt: skip
TICKET = (
    "id", "number", "title", "description", "status", "status_before", "priority", "workflow",
    "rule", "labels", "merge_key", "follows", "requester", "assignee", "assignee_group", "episodes",
    "flaps", "firing", "silenced", "unconfirmed", "created_at", "updated_at", "acknowledged_at",
    "first_response_at", "resolved_at", "closed_at", "version", "history_length", "history_head",
)  # fmt: skip

_JSON = frozenset({"labels", "annotations"})


def arrays(objects: Sequence[object], names: Iterable[str]) -> list[list[Any]]:
    """One list a column, in the order of *names*; JSON bytes become text, as asyncpg wants it."""
    columns = []
    for name in names:
        if name in _JSON:
            columns.append([value.decode() for value in map(attrgetter(name), objects)])
        elif name == "claims":
            columns.append([pack_claims(one.claims) for one in objects])  # type: ignore[attr-defined]
        elif name == "lease_check_at":
            columns.append([lease_check_at(one) for one in objects])
        else:
            columns.append(list(map(attrgetter(name), objects)))
    return columns


def lease_check_at(strand: Any) -> Any:
    """When the lease is to be looked at: its end as known now, None if it has none."""
    if not strand.fires or strand.lease_until is None or strand.lease_until >= FOREVER:
        return None
    return strand.lease_until


def _values(row: asyncpg.Record, **kinds: Any) -> dict[str, Any]:
    values: dict[str, Any] = dict(row)
    for name, kind in kinds.items():
        values[name] = kind(values[name])
    for name in _JSON & values.keys():
        values[name] = values[name].encode()
    return values


def alert_of(row: asyncpg.Record) -> Alert:
    """A row of `lock_alerts`."""
    return Alert(**_values(row, severity=Severity, status=AlertStatus, triage=Triage))


def strand_of(row: asyncpg.Record) -> Strand:
    """A row of `lock_strands`."""
    return Strand(**_values(row, severity=Severity, claims=unpack_claims))


def window_of(row: asyncpg.Record) -> Window:
    """A row of `lock_windows`."""
    return Window(**_values(row, auto_resolve=AutoResolve))


def ticket_of(row: asyncpg.Record) -> Ticket:
    """A row of `lock_tickets`."""
    kinds = {"status": TicketStatus, "status_before": TicketStatus, "priority": Severity}
    return Ticket(**_values(row, **kinds))


def history_arrays(chained: Sequence[Chained]) -> list[list[Any]]:
    """Columns of `insert_history`."""
    entries = [one.entry for one in chained]
    return [
        [entry.kind for entry in entries],
        [entry.object_id for entry in entries],
        [one.sequence for one in chained],
        [entry.at for entry in entries],
        [entry.actor for entry in entries],
        [entry.field for entry in entries],
        [entry.old for entry in entries],
        [entry.new for entry in entries],
        [entry.comment for entry in entries],
        [one.hash for one in chained],
    ]


def select(found: Mapping[Any, Any], keys: Iterable[Any]) -> list[Any]:
    """The values of *keys*, in sorted order of the keys: the order in which rows are locked."""
    return [found[key] for key in sorted(keys)]
