"""Closing: a ticket that was resolved long enough ago, and to which nobody objected, is closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.effects.working_set import WorkingSet
from gateway.tickets.change import close_by_system
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.upkeep.piece import Wanted
from gateway.workflows.workflow import DEFAULT


@dataclass(frozen=True, slots=True)
class CloseTickets:
    """Close what is to be closed by now; of those that a release before has resolved, and that have
    no such time, what was resolved by *resolved_before*.
    """

    found: Sequence[str]
    """Ids of tickets."""
    resolved_before: datetime

    def needs(self) -> Wanted:
        """The tickets; none of their alerts."""
        return Wanted(tickets=self.found)

    def decide(self, rows: WorkingSet, now: datetime) -> None:
        """One may have been reopened since, and resolved anew."""
        for ticket in list(rows.tickets.values()):
            if self._is_due(ticket, now):
                rows.save(close_by_system(ticket, now))

    def _is_due(self, ticket: Ticket, now: datetime) -> bool:
        if ticket.status is not TicketStatus.RESOLVED:
            return False
        if ticket.close_at is not None:
            return ticket.close_at <= now
        at = ticket.resolved_at
        return ticket.workflow == DEFAULT and at is not None and at <= self.resolved_before
