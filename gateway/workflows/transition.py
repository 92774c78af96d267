"""The default workflow: which transitions people may make.

    open ──────► in_progress ◄────► pending
      │               │                │
      ├───────────────┼────────────────┤
      ▼               ▼                ▼
    resolved / cancelled            resolved ──► closed
                                       │
                                       └──► in_progress

The system itself resolves, reopens (to the state it left) and closes; these are not in the table.
"""

from collections.abc import Mapping

from gateway.errors import Forbidden
from gateway.tickets.ticket import TicketStatus

_OPEN, _WORKING, _PENDING, _RESOLVED, _CLOSED, _CANCELLED = TicketStatus

ALLOWED: Mapping[TicketStatus, tuple[TicketStatus, ...]] = {
    _OPEN: (_WORKING, _RESOLVED, _CANCELLED),
    _WORKING: (_PENDING, _RESOLVED, _CANCELLED),
    _PENDING: (_WORKING, _RESOLVED, _CANCELLED),
    _RESOLVED: (_CLOSED, _WORKING),
    _CLOSED: (),
    _CANCELLED: (),
}


def check_transition(start: TicketStatus, to: TicketStatus) -> None:
    """Raises Forbidden with code `forbidden_transition` and what would be allowed."""
    allowed = ALLOWED[start]
    if to in allowed:
        return
    names = ", ".join(allowed) or "nothing"
    raise Forbidden(
        f"a ticket that is {start} can become {names}, not {to}",
        code="forbidden_transition",
        extra={"from": str(start), "to": str(to), "allowed": [str(status) for status in allowed]},
    )
