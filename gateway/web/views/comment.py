"""How a comment looks."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from gateway.comments.comment import Comment, Visibility
from gateway.comments.view import CommentsView
from gateway.web.views.redaction import hides
from gateway.web.views.words import Ordinal, Time, about

CommentId = Annotated[str, Meta(pattern=r"^c_[0-9a-f]{26}$")]


class ShownComment(Struct, frozen=True, kw_only=True, gc=False):
    """What a person wrote on a ticket. Of one that is redacted nothing is said but that there is
    one, and when it was written.
    """

    id: CommentId
    author: str | UnsetType = UNSET
    visibility: Visibility
    body: Annotated[str | UnsetType, about("Plain text; empty once the comment was retracted.")] = (
        UNSET
    )
    mentions: Annotated[
        list[str] | UnsetType, about("Ids of users whom it names and who can see it.")
    ] = UNSET
    at: Time
    edited_at: Time | UnsetType | None = UNSET
    retracted_at: Time | UnsetType | None = UNSET
    redacted: Annotated[
        bool | UnsetType,
        about("True: it is internal, and its reader, an auditor, may know that there is one."),
    ] = UNSET


class WrittenComment(ShownComment, frozen=True, kw_only=True, gc=False):
    """A comment, as its author hears of it."""

    unreached_mentions: Annotated[
        list[str], about("Handles that it names and that mean nobody who can see it.")
    ]


class ShownRevision(Struct, frozen=True, kw_only=True, gc=False):
    """What a comment said before it was edited."""

    number: Ordinal
    body: str
    at: Annotated[Time, about("When it was written.")]


class CommentDetail(ShownComment, frozen=True, kw_only=True, gc=False):
    """A comment with what it said before."""

    revisions: Annotated[list[ShownRevision] | UnsetType, about("Earliest first.")] = UNSET


def show_comment(one: Comment, *, whole: bool = True) -> ShownComment:
    """As in lists; *whole*: to who may read internal ones."""
    if not whole and hides(one):
        return ShownComment(id=one.id, at=one.at, visibility=one.visibility, redacted=True)
    return ShownComment(
        id=one.id,
        author=one.author,
        visibility=one.visibility,
        body=one.body,
        mentions=list(one.mentions),
        at=one.at,
        edited_at=one.edited_at,
        retracted_at=one.retracted_at,
    )


def show_written(one: Comment) -> WrittenComment:
    """For its author."""
    return WrittenComment(
        **structs.asdict(show_comment(one)), unreached_mentions=list(one.unreached)
    )


def show_comment_detail(view: CommentsView) -> CommentDetail:
    """The one comment of *view*, with what it said earlier."""
    (one,) = view.comments
    shown = structs.asdict(show_comment(one, whole=view.whole))
    if shown["redacted"] is True:
        return CommentDetail(**shown)
    return CommentDetail(
        **shown,
        revisions=[
            ShownRevision(number=revision.number, body=revision.body, at=revision.at)
            for revision in view.revisions
        ],
    )
