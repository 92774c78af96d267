"""A duplicate ends when its original does, as that did."""

from collections.abc import Iterable
from datetime import datetime

from gateway.effects.working_set import WorkingSet
from gateway.tickets.change import end_duplicate_by_system
from gateway.tickets.ticket import ENDED, Ticket


def end_duplicates(rows: WorkingSet, duplicates: Iterable[Ticket], now: datetime) -> None:
    """End those whose original is loaded and has ended."""
    for one in sorted(duplicates, key=lambda ticket: ticket.id):
        original = rows.tickets.get(one.duplicate_of or "")
        if original is not None and original.status in ENDED and one.status not in ENDED:
            rows.save(end_duplicate_by_system(one, original.status, now))
