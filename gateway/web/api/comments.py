"""`/api/v1/tickets/{id}/comments`: what people write on a ticket."""

from typing import Annotated, NamedTuple

from msgspec import UNSET, Meta, UnsetType

from gateway.access.permission import Permission
from gateway.changes.perform import Perform
from gateway.comments.comment import COMMENT_ID, MAX_BODY_BYTES, Visibility
from gateway.comments.view import CommentReader
from gateway.desk.comment import AddComment, EditComment, RetractComment
from gateway.errors import NotFound
from gateway.web.api.ticket_parts import ticket_id_in
from gateway.web.http.answers import Answer, empty_answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.forms import Form, bad_field
from gateway.web.http.paging import PageForm, exactly, part_of
from gateway.web.openapi.parameters import ACTOR, COMMENT, KEY, LOCATION, TICKET
from gateway.web.openapi.refusals import COMMENT_RETRACTED, NOT_THE_AUTHOR
from gateway.web.views.comment import (
    CommentDetail,
    ShownComment,
    WrittenComment,
    show_comment,
    show_comment_detail,
    show_written,
)
from gateway.web.views.page import Page
from gateway.web.views.words import about

CommentText = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_BODY_BYTES, extra_json_schema={"pattern": r"\S"}),
    about("Plain text, at most 64 KiB."),
]


class CommentCursor(NamedTuple):
    """The last comment shown."""

    id: Annotated[str, exactly(COMMENT_ID.pattern)]


class NewComment(Form, frozen=True):
    """What shall stand on the ticket."""

    body: CommentText
    visibility: Annotated[
        Visibility | UnsetType,
        about(
            "Internal if it is not given, for what was seen cannot be unseen; of somebody who may"
            " not read internal ones `auditor_visible`."
        ),
    ] = UNSET


class CommentEdit(Form, frozen=True):
    """Only what shall change."""

    body: CommentText | UnsetType = UNSET
    visibility: Annotated[
        Visibility | UnsetType, about("It can be narrowed to `internal`, and not widened.")
    ] = UNSET


class CommentHandlers:
    """People and comments."""

    def __init__(self, reader: CommentReader, perform: Perform) -> None:
        self._reader = reader
        self._perform = perform

    async def list(self, call: WebCall[PageForm]) -> Answer[Page[ShownComment]]:
        """Comments on the ticket, latest first."""
        part = part_of(call, CommentCursor)
        after = part.after.id if part.after else None
        found = await self._reader.page(call.principal, ticket_id_in(call), after, part.fetch)
        return json_answer(
            part.page(
                found.comments,
                lambda one: CommentCursor(one.id),
                lambda one: show_comment(one, whole=found.whole),
            )
        )

    async def detail(self, call: WebCall[Nothing]) -> Answer[CommentDetail]:
        """One comment, with what it said before it was edited."""
        ticket, comment = ticket_id_in(call), _comment_id_in(call)
        return json_answer(
            show_comment_detail(await self._reader.one(call.principal, ticket, comment))
        )

    async def create(self, call: WebCall[NewComment]) -> Answer[WrittenComment]:
        """Write a comment.

        On any ticket: one that has ended is not reopened by it. The ticket's history holds the
        comment's digest and never its text; its version stays. `@anna` mentions the user of that
        handle, who can see it: others are named in `unreached_mentions`, and hear nothing.
        """
        ticket, form = ticket_id_in(call), call.form
        visibility = form.visibility if isinstance(form.visibility, Visibility) else None
        command = AddComment(ticket_id=ticket, body=_written(form.body), visibility=visibility)
        comment = await self._perform(command, call.principal, call.key)
        location = f"/api/v1/tickets/{ticket}/comments/{comment.id}"
        return json_answer(show_written(comment), status=201, headers={"Location": location})

    async def edit(self, call: WebCall[CommentEdit]) -> Answer[WrittenComment]:
        """Say it otherwise, or let fewer see it: its author alone may.

        What it said before stays as one of its revisions.
        """
        form = call.form
        command = EditComment(
            ticket_id=ticket_id_in(call),
            comment_id=_comment_id_in(call),
            body=_written(form.body) if isinstance(form.body, str) else None,
            visibility=form.visibility if isinstance(form.visibility, Visibility) else None,
        )
        return json_answer(show_written(await self._perform(command, call.principal, call.key)))

    async def retract(self, call: WebCall[Nothing]) -> Answer[None]:
        """Take a comment back: its author alone may.

        Its text goes, with all that it said before; that there was one stays. Doing it again is
        fine.
        """
        command = RetractComment(ticket_id=ticket_id_in(call), comment_id=_comment_id_in(call))
        await self._perform(command, call.principal, call.key)
        return empty_answer()


def _comment_id_in(call: WebCall[Form]) -> str:
    """From the path; what cannot be one is simply not found."""
    text = call.part("comment")
    if not COMMENT_ID.fullmatch(text):
        raise NotFound(f"no comment {text}")
    return text


def _written(body: str) -> str:
    if not body.strip():
        raise bad_field("/body", "must not be blank")
    if len(body.encode()) > MAX_BODY_BYTES:
        raise bad_field("/body", f"must not be longer than {MAX_BODY_BYTES:,} bytes")
    return body


_CHANGE_REFUSALS = {403: NOT_THE_AUTHOR, 409: COMMENT_RETRACTED}
ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/tickets/{id}/comments", Permission.COMMENTS_READ, PageForm,
        Page[ShownComment], CommentHandlers.list, "listComments", ("tickets",), {200: "One page"},
        asks=(TICKET,),
    ),
    Endpoint(
        "POST", "/api/v1/tickets/{id}/comments", AddComment.permission, NewComment, WrittenComment,
        CommentHandlers.create, "addComment", ("tickets",), {201: "Written"},
        asks=(TICKET, ACTOR, KEY), gives=(LOCATION,),
    ),
    Endpoint(
        "GET", "/api/v1/tickets/{id}/comments/{comment}", Permission.COMMENTS_READ, Nothing,
        CommentDetail, CommentHandlers.detail, "getComment", ("tickets",), {200: "The comment"},
        asks=(TICKET, COMMENT),
    ),
    Endpoint(
        "PATCH", "/api/v1/tickets/{id}/comments/{comment}", EditComment.permission, CommentEdit,
        WrittenComment, CommentHandlers.edit, "editComment", ("tickets",),
        {200: "The comment as it is now"}, asks=(TICKET, COMMENT, ACTOR, KEY),
        refuses=_CHANGE_REFUSALS,
    ),
    Endpoint(
        "DELETE", "/api/v1/tickets/{id}/comments/{comment}", RetractComment.permission, Nothing,
        type(None), CommentHandlers.retract, "retractComment", ("tickets",),
        {204: "It is taken back"}, asks=(TICKET, COMMENT, ACTOR, KEY),
        refuses={403: NOT_THE_AUTHOR},
    ),
)  # fmt: skip
