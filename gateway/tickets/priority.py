"""How urgent a ticket is: a matrix makes its priority of severity, impact and urgency.

Unless a person or the rule has set it (`priority_by`); a person outweighs a rule. The system raises
it only when the ticket's severity rises, the worst that its alerts have had while they were heard,
and never lowers it (`effects/tickets/ticket.py`).
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from types import MappingProxyType

from gateway.alerts.opening import Level
from gateway.alerts.severity import Severity
from gateway.tickets.ticket import Ticket

Cell = tuple[Severity, Level, Level]
"""Severity, impact, urgency."""
Matrix = Mapping[Cell, Severity]
"""A priority for every cell."""
Blame = tuple[tuple[str | int, ...], str]
"""The keys and places that lead to what is wrong, and a sentence."""

_MOVES = {Level.HIGH: 1, Level.MEDIUM: 0, Level.LOW: -1}
_BY_RANK = {severity.rank: severity for severity in Severity}


class PriorityWord(StrEnum):
    """A priority as people write it: `P0` to `P3` and capitals are other spellings.

    Not a sender's severity: there `p1` is critical too.
    """

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @classmethod
    def _missing_(cls, value: object) -> "PriorityWord | None":
        return _OTHER_SPELLINGS.get(value)

    @property
    def priority(self) -> Severity:
        """What it means."""
        return Severity(self.value)


_OTHER_SPELLINGS: Mapping[object, PriorityWord] = {
    spelling: word
    for place, word in enumerate(PriorityWord)
    for spelling in (word.name, f"P{place}")
}


def _default(severity: Severity, impact: Level, urgency: Level) -> Severity:
    """A step up for each high, one back for each low, and never beyond the ends."""
    moved = severity.rank + _MOVES[impact] + _MOVES[urgency]
    return _BY_RANK[min(max(moved, Severity.LOW.rank), Severity.CRITICAL.rank)]


DEFAULT_MATRIX: Matrix = MappingProxyType(
    {cell: _default(*cell) for cell in product(Severity, Level, Level)}
)
"""With medium impact and urgency the priority is the severity."""


def read_matrix(given: Mapping[str, object]) -> tuple[Matrix, list[Blame]]:
    """The default matrix with the cells of *given* (`"high/high/low" = "critical"`), and what is
    wrong in these.
    """
    cells, mistakes = dict(DEFAULT_MATRIX), list[Blame]()
    for key, value in given.items():
        try:
            cells[_cell(key)] = _priority(value)
        except ValueError as error:
            mistakes.append(((key,), str(error)))
    return MappingProxyType(cells), mistakes


def _cell(key: str) -> Cell:
    try:
        severity, impact, urgency = key.lower().split("/")
        return Severity(severity), Level(impact), Level(urgency)
    except ValueError as error:
        raise ValueError(
            "is no cell: it is severity/impact/urgency, as in `high/high/low`, of critical, high,"
            " medium, low; and high, medium, low"
        ) from error


def _priority(value: object) -> Severity:
    try:
        return PriorityWord(str(value)).priority
    except ValueError as error:
        raise ValueError(f"must be one of {', '.join(PriorityWord)}") from error


def severity_of_ticket(ticket: Ticket) -> Severity:
    """Its own. Earlier releases kept none, and their priority was the worst severity: so it is
    taken for that.
    """
    return ticket.priority if ticket.severity is None else ticket.severity


def priority_in(
    matrix: Matrix, severity: Severity, impact: Level | None, urgency: Level | None
) -> Severity:
    """What *matrix* says; None is medium."""
    return matrix[severity, impact or Level.MEDIUM, urgency or Level.MEDIUM]
