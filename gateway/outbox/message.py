"""An outbox message: one event for one sink, written in the transaction that caused it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """At least once, with a stable id. Messages of one *subject* leave in order, per sink."""

    id: str
    """`ev_…`; the receiver's key against doubles."""
    tenant: int
    sink: str
    """Name of the sink in the configuration."""
    type: str
    """`ticket.created`, `ticket.reopened`, `ticket.resolved`."""
    subject: str
    """Id of the ticket."""
    payload: dict[str, object]
    created_at: datetime
