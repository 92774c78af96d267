"""What is not told to who may not read things whole: auditors, above all. After reading, and here
alone, so that every answer redacts alike.

Who works on a ticket, or views its project, reads it whole (`Permission.COMMENTS_INTERNAL`).
"""

from collections.abc import Mapping
from typing import TypeVar

from gateway.access.withheld import Withheld
from gateway.comments.comment import Comment, Visibility
from gateway.history.chain import Entry
from gateway.history.kind import Kind

Value = TypeVar("Value")


def hides(comment: Comment) -> bool:
    """Nothing of it may be told but that there is one."""
    return comment.visibility is Visibility.INTERNAL


def without_internal(fields: Mapping[str, Value], withheld: Withheld) -> dict[str, Value]:
    """Custom fields but for those that are declared internal."""
    return {name: value for name, value in fields.items() if name not in withheld.fields}


def tells_internal(entry: Entry, withheld: Withheld) -> bool:
    """It holds values of an internal field: nothing may be told but that it changed."""
    return entry.kind == Kind.TICKET and entry.field in withheld.entries


def other_ticket(ticket_id: str | None, withheld: Withheld) -> str | None:
    """None too for one that is not to be seen."""
    return None if ticket_id in withheld.tickets else ticket_id


def without_unseen(text: str | None, withheld: Withheld) -> str | None:
    """Of an entry: in the place of a ticket that is not to be seen stands an ellipsis."""
    for one in withheld.tickets:
        text = text.replace(one, "…") if text else text
    return text
