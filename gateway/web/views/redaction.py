"""What is not told to who may not read things whole: auditors, above all. After reading, and here
alone, so that every answer redacts alike.

Who works on a ticket, or views its project, reads it whole (`Permission.COMMENTS_INTERNAL`).
"""

from collections.abc import Collection, Mapping
from typing import TypeVar

from gateway.comments.comment import Comment, Visibility

Value = TypeVar("Value")


def hides(comment: Comment) -> bool:
    """Nothing of it may be told but that there is one."""
    return comment.visibility is Visibility.INTERNAL


def without_internal(fields: Mapping[str, Value], internal: Collection[str]) -> dict[str, Value]:
    """Custom fields but for those that are declared *internal*."""
    return {name: value for name, value in fields.items() if name not in internal}
