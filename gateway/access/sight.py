"""Which tickets somebody sees, as a value: the one rule behind its two forms.

`tickets/visibility.py` asks it of one ticket, `storage/postgres/queries/visibility.py` of all.
"""

from dataclasses import dataclass

from gateway.access.permission import GRANTED, Permission, Role
from gateway.access.principal import Principal

_EVERYTHING = frozenset({Role.AUDITOR, Role.ADMIN, Role.SYSTEM})


@dataclass(frozen=True, slots=True)
class Sight:
    """All tickets, or those of which one of the others is true."""

    everything: bool = False
    own: str = ""
    """Those that this actor has asked for: a user, or a token; empty: none for that."""
    but_closed: frozenset[str] | None = None
    """Those of every project but these, and of none; None: none for that."""
    projects: frozenset[str] = frozenset()
    """Those of these projects."""


def sight_of(principal: Principal) -> Sight:
    """By role in the tenant, and by roles in projects."""
    if principal.role in _EVERYTHING:
        return Sight(everything=True)
    reads = Permission.TICKETS_READ in GRANTED[principal.role]
    return Sight(
        own=principal.actor if reads else "",
        but_closed=principal.closed if principal.role is Role.OPERATOR else None,
        projects=frozenset(principal.projects),
    )
