"""Changes of comments as values: the comment as it now is, and the change of its ticket.

A comment has no history of its own: what was written, edited and retracted stands in that of its
ticket, by digest. It moves neither the ticket's version nor its status, ended or not.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from gateway.changes.change import Change
from gateway.comments.comment import Comment, Revision, Visibility, new_salt
from gateway.errors import Conflict, FieldError, Refused
from gateway.events.event import Event, EventType
from gateway.history.chain import Entry
from gateway.history.kind import Kind
from gateway.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class CommentChange:
    """To be saved whole. *former*: what the comment said before; *hides*: fewer may see it now."""

    comment: Comment
    of_ticket: Change[Ticket]
    former: Revision | None = None
    hides: bool = False


def add_comment(ticket: Ticket, comment: Comment) -> CommentChange:
    """A new one. The first that its requester can read, and did not write, is a first response."""
    at = comment.at
    is_response = (
        ticket.first_response_at is None
        and comment.visibility is not Visibility.INTERNAL
        and comment.author != ticket.requester
    )
    if is_response:
        ticket = msgspec.structs.replace(ticket, first_response_at=max(at, ticket.created_at))
    data: dict[str, object] = {
        "comment_id": comment.id,
        "visibility": str(comment.visibility),
        "author": comment.author,
        "mentions": list(comment.mentions),
    }
    if comment.visibility is not Visibility.INTERNAL:
        data["body"] = comment.body
    event = Event(EventType.TICKET_COMMENT_ADDED, at, data)
    entry = _entry(ticket, at, comment.author, None, comment.digest)
    return CommentChange(comment, Change(ticket, (entry,), (event,)))


def edit_comment(
    ticket: Ticket, comment: Comment, body: str, revision: int, now: datetime
) -> CommentChange | None:
    """Its author says it otherwise; what it said stays as a *revision*. None if it is the same."""
    _check_there(comment)
    if body == comment.body:
        return None
    at = max(now, comment.edited_at or comment.at)
    former = Revision(
        ticket_id=comment.ticket_id,
        comment_id=comment.id,
        number=revision,
        body=comment.body,
        salt=comment.salt,
        at=comment.edited_at or comment.at,
    )
    after = msgspec.structs.replace(comment, body=body, salt=new_salt(), edited_at=at)
    entry = _entry(ticket, at, comment.author, comment.digest, after.digest)
    return CommentChange(after, Change(ticket, (entry,)), former)


def narrow_comment(
    ticket: Ticket, comment: Comment, visibility: Visibility, now: datetime
) -> CommentChange | None:
    """Fewer may see it from now on; what was seen cannot be unseen, so it is never widened."""
    _check_there(comment)
    if visibility is comment.visibility:
        return None
    if visibility is not Visibility.INTERNAL:
        raise Refused(
            "a comment's visibility can only be narrowed",
            code="visibility_widened",
            errors=(FieldError("/visibility", "was internal, and stays so"),),
        )
    after = msgspec.structs.replace(comment, visibility=visibility)
    old, new = (f"{comment.id} {one.visibility}" for one in (comment, after))
    entry = _entry(ticket, max(now, comment.at), comment.author, old, new, "comment_visibility")
    return CommentChange(after, Change(ticket, (entry,)), hides=True)


def retract_comment(ticket: Ticket, comment: Comment, now: datetime) -> CommentChange | None:
    """Its text goes, with all that it said before; that there was one stays. None if it is gone."""
    if comment.retracted_at is not None:
        return None
    at = max(now, comment.edited_at or comment.at)
    after = msgspec.structs.replace(comment, body="", mentions=(), retracted_at=at)
    entry = _entry(ticket, at, comment.author, comment.digest, None)
    return CommentChange(after, Change(ticket, (entry,)), hides=True)


def _check_there(comment: Comment) -> None:
    if comment.retracted_at is not None:
        raise Conflict("this comment was retracted; write a new one", code="comment_retracted")


def _entry(
    ticket: Ticket,
    at: datetime,
    actor: str,
    old: str | None,
    new: str | None,
    field: str = "comment",
) -> Entry:
    return Entry(Kind.TICKET, ticket.id, at, actor, field, old, new)
