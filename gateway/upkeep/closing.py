"""Closing: a ticket that was resolved long enough ago, and to which nobody objected, is closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.effects.working_set import WorkingSet
from gateway.tickets.change import close_by_system
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.upkeep.piece import Wanted


@dataclass(frozen=True, slots=True)
class CloseTickets:
    """Close what was resolved by *resolved_before*."""

    found: Sequence[str]
    """Ids of tickets."""
    resolved_before: datetime

    def needs(self) -> Wanted:
        """The tickets; none of their alerts."""
        return Wanted(tickets=self.found)

    def decide(self, rows: WorkingSet, now: datetime) -> None:
        """One may have been reopened since, and resolved anew."""
        for ticket in list(rows.tickets.values()):
            if self._is_due(ticket):
                rows.save(close_by_system(ticket, now))

    def _is_due(self, ticket: Ticket) -> bool:
        is_resolved = ticket.status is TicketStatus.RESOLVED
        at = ticket.resolved_at
        return is_resolved and at is not None and at <= self.resolved_before
