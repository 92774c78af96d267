"""What of a ticket is there and is not told to who reads it, as a value: found by the queries, left
out by the views.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.access.permission import Permission, Role
from gateway.access.principal import Principal


@dataclass(frozen=True, slots=True)
class Withheld:
    """Nothing, unless it says so."""

    fields: frozenset[str] = frozenset()
    """Names of internal custom fields."""
    tickets: frozenset[str] = frozenset()
    """Ids of other tickets, which they do not see."""

    @property
    def entries(self) -> list[str]:
        """What histories call these fields."""
        return [f"custom.{name}" for name in sorted(self.fields)]


NOTHING = Withheld()


def withheld_from(principal: Principal, project: str, internal: Iterable[str]) -> Withheld:
    """Of a ticket in *project* (empty: of none), where *internal* are the names of such fields."""
    if principal.may(Permission.COMMENTS_INTERNAL, project):
        return NOTHING
    return Withheld(frozenset(internal))


def knows_of_internal(principal: Principal, project: str = "") -> bool:
    """May they know that there is something internal? Auditors are to see that all is there."""
    is_told = principal.may(Permission.COMMENTS_INTERNAL, project)
    return is_told or principal.role is Role.AUDITOR
