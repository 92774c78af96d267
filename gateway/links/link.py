"""A link: one ticket to another. Some kinds are made by people, some by what happens."""

from datetime import datetime
from enum import StrEnum

import msgspec


class LinkKind(StrEnum):
    """Reads from one end to the other: *from* is the parent of *to*, blocks it, duplicates it."""

    PARENT = "parent"
    BLOCKS = "blocks"
    DUPLICATES = "duplicates"
    """To the original."""
    RELATES = "relates"
    """Both ways: stored once, the smaller id first."""
    FOLLOWS = "follows"
    """To the ticket before it for the same problem."""
    REVIEW_OF = "review_of"
    ACTION_OF = "action_of"
    CONVERTED_FROM = "converted_from"


BY_PEOPLE = frozenset({LinkKind.PARENT, LinkKind.BLOCKS, LinkKind.DUPLICATES, LinkKind.RELATES})
"""What people may add and remove; the others come with what makes them."""
MOST_GENERATIONS = 10
"""Parents above a ticket at most."""

LinkKey = tuple[LinkKind, str, str]
"""Kind, from, to."""


class TicketLink(msgspec.Struct, frozen=True, kw_only=True):
    """As stored; a duplicate's lies on its ticket."""

    kind: LinkKind
    from_id: str
    to_id: str
    author: str
    at: datetime

    @property
    def place(self) -> LinkKey:
        """Names it."""
        return self.kind, self.from_id, self.to_id


def ends_of(kind: LinkKind, one: str, other: str) -> tuple[str, str]:
    """From and to, as they are stored when *one* is linked to *other*."""
    if kind is LinkKind.RELATES:
        return min(one, other), max(one, other)
    return one, other
