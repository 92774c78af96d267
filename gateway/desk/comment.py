"""A person comments on a ticket: writes, edits, narrows and retracts."""

from dataclasses import replace
from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.comments.change import (
    CommentChange,
    add_comment,
    edit_comment,
    narrow_comment,
    retract_comment,
)
from gateway.comments.comment import (
    Comment,
    Visibility,
    new_salt,
)
from gateway.comments.mentions import names_of, reaching, with_unreached
from gateway.effects.working_set import WorkingSet
from gateway.errors import Forbidden, NotFound
from gateway.ids import new_id
from gateway.tickets.ticket import Ticket


class AddComment(msgspec.Struct, frozen=True, kw_only=True):
    """On any ticket: one that has ended is not reopened by it."""

    permission: ClassVar[Permission] = Permission.COMMENTS_WRITE
    answers: ClassVar[type] = Comment

    ticket_id: str
    body: str
    visibility: Visibility | None = None
    """None: as narrow as its author may write."""

    def needs(self) -> Needs:
        """The ticket, and who is mentioned."""
        return Needs(ticket=self.ticket_id, people=names_of(self.body))

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Comment:
        """Written by who asks; it mentions those who can see it. Raises Forbidden for an
        internal one of somebody who may not read it.
        """
        ticket = rows.tickets[self.ticket_id]
        comment = Comment(
            ticket_id=self.ticket_id,
            id=new_id("c", now),
            author=by.actor,
            visibility=_allowed(by, ticket, self.visibility),
            body=self.body,
            salt=new_salt(),
            mentions=(),
            at=now,
        )
        comment = reaching(comment, ticket, by, rows.people)
        rows.save_comment(add_comment(ticket, comment))
        return with_unreached(comment, rows.people)


class EditComment(msgspec.Struct, frozen=True, kw_only=True):
    """What is None stays as it is."""

    permission: ClassVar[Permission] = Permission.COMMENTS_WRITE
    answers: ClassVar[type] = Comment

    ticket_id: str
    comment_id: str
    body: str | None = None
    visibility: Visibility | None = None

    def needs(self) -> Needs:
        """The ticket and the comment, with who is mentioned."""
        names = names_of(self.body or "")
        return Needs(ticket=self.ticket_id, comment=self.comment_id, people=names)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Comment:
        """Raises Forbidden for anybody but the author, Conflict for one that was retracted."""
        comment, ticket = _own(rows, by, self.comment_id), rows.tickets[self.ticket_id]
        if self.visibility is not None:
            narrowed = _allowed(by, ticket, self.visibility)
            _save(rows, by, narrow_comment(ticket, comment, narrowed, now))
        comment, ticket = rows.comments[self.comment_id], rows.tickets[self.ticket_id]
        if self.body is not None:
            revision = rows.revisions_of[self.comment_id] + 1
            _save(rows, by, edit_comment(ticket, comment, self.body, revision, now))
        return with_unreached(rows.comments[self.comment_id], rows.people)


class RetractComment(msgspec.Struct, frozen=True, kw_only=True):
    """Doing it again is fine."""

    permission: ClassVar[Permission] = Permission.COMMENTS_WRITE
    answers: ClassVar[type] = Comment

    ticket_id: str
    comment_id: str

    def needs(self) -> Needs:
        """The ticket and the comment."""
        return Needs(ticket=self.ticket_id, comment=self.comment_id)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Comment:
        """Raises Forbidden for anybody but the author."""
        comment = _own(rows, by, self.comment_id)
        _save(rows, by, retract_comment(rows.tickets[self.ticket_id], comment, now))
        return rows.comments[self.comment_id]


def _allowed(by: Principal, ticket: Ticket, asked: Visibility | None) -> Visibility:
    if asked is None and not by.may(Permission.COMMENTS_INTERNAL, ticket.project):
        return Visibility.AUDITOR_VISIBLE
    if asked is Visibility.INTERNAL:
        by.check(Permission.COMMENTS_INTERNAL, ticket.project)
    return asked or Visibility.INTERNAL


def _own(rows: WorkingSet, by: Principal, comment_id: str) -> Comment:
    comment = rows.comments[comment_id]
    if comment.author == by.actor:
        return comment
    project = rows.tickets[comment.ticket_id].project
    if comment.visibility is Visibility.INTERNAL and not by.may(
        Permission.COMMENTS_INTERNAL, project
    ):
        raise NotFound(f"no comment {comment_id}")
    raise Forbidden("only who wrote a comment may change it", code="not_the_author")


def _save(rows: WorkingSet, by: Principal, change: CommentChange | None) -> None:
    """With those whom it mentions as it now is."""
    if change is not None:
        ticket = change.of_ticket.after
        comment = reaching(change.comment, ticket, by, rows.people)
        rows.save_comment(replace(change, comment=comment))
