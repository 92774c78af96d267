"""The last step before rows are written: versions, numbers and places in the history.

The same for a ledger in PostgreSQL and for one in memory; storage only keeps what comes out.
"""

import msgspec

from gateway.changes.change import Change, Finished, Noun, finish
from gateway.effects.working_set import WorkingSet
from gateway.history.kind import Kind
from gateway.tickets.change import join
from gateway.tickets.ticket import Ticket


def move_versions(rows: WorkingSet, stamp: int) -> None:
    """What processes know of changed strands holds no longer. *stamp*: microseconds; a version
    moves to it, or by one.
    """
    for fingerprint in rows.voided_alerts | rows.new_alerts:
        alert = rows.alerts[fingerprint]
        alert.version = max(alert.version + 1, stamp)
        for strand in rows.strands_of.get(fingerprint, ()):
            strand.version = max(strand.version + 1, stamp)
            rows.changed_strands.add(strand.strand)
    for key in rows.new_strands:
        strand = rows.strands[key]
        strand.version = strand.version or stamp


def finish_rows(rows: WorkingSet, last_number: int) -> Finished:
    """Number the new tickets after *last_number*, in the order of their ids; chain all entries."""
    numbers = {key: last_number + n for n, key in enumerate(sorted(rows.new_tickets), start=1)}
    for key, number in numbers.items():
        rows.tickets[key] = msgspec.structs.replace(rows.tickets[key], number=number)
    finished = finish(_numbered(change, numbers) for change in _in_order(rows))
    for (kind, key), head in finished.heads.items():
        if kind is Kind.TICKET:
            rows.count(
                msgspec.structs.replace(
                    rows.tickets[key], history_length=head.length, history_head=head.hash
                )
            )
    _keep_heads_of_silences(rows, finished)
    return finished


def _keep_heads_of_silences(rows: WorkingSet, finished: Finished) -> None:
    for key in rows.changed_silences:
        head = finished.heads[Kind.SILENCE, str(key)]
        rows.silences[key] = msgspec.structs.replace(
            rows.silences[key], history_length=head.length, history_head=head.hash
        )


def _in_order(rows: WorkingSet) -> list[Change[Noun]]:
    changes = list(rows.changes)
    latest_first = sorted(rows.joins.items(), key=lambda one: one[1].behind, reverse=True)
    for ticket_id, joins in latest_first:
        changes.insert(joins.behind, join(rows.tickets[ticket_id], joins.names, joins.at))
    return changes


def _numbered(change: Change[Noun], numbers: dict[str, int]) -> Change[Noun]:
    after = change.after
    if not isinstance(after, Ticket) or after.id not in numbers:
        return change
    numbered = msgspec.structs.replace(after, number=numbers[after.id])
    return Change(numbered, change.entries, change.events)
