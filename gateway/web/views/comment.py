"""How a comment looks."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct, structs

from gateway.comments.comment import Comment, Revision, Visibility
from gateway.web.views.words import Ordinal, Time, about

CommentId = Annotated[str, Meta(pattern=r"^c_[0-9a-f]{26}$")]


class ShownComment(Struct, frozen=True, kw_only=True, gc=False):
    """What a person wrote on a ticket."""

    id: CommentId
    author: str
    visibility: Visibility
    body: Annotated[str, about("Plain text; empty once the comment was retracted.")]
    mentions: Annotated[list[str], about("Handles as `@anna` writes them, without the `@`.")]
    at: Time
    edited_at: Time | None
    retracted_at: Time | None


class ShownRevision(Struct, frozen=True, kw_only=True, gc=False):
    """What a comment said before it was edited."""

    number: Ordinal
    body: str
    at: Annotated[Time, about("When it was written.")]


class CommentDetail(ShownComment, frozen=True, kw_only=True, gc=False):
    """A comment with what it said before."""

    revisions: Annotated[list[ShownRevision], about("Earliest first.")]


def show_comment(one: Comment) -> ShownComment:
    """As in lists."""
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


def show_comment_whole(one: Comment, before: Sequence[Revision]) -> CommentDetail:
    """With *before*, what it said earlier."""
    return CommentDetail(
        **structs.asdict(show_comment(one)),
        revisions=[
            ShownRevision(number=revision.number, body=revision.body, at=revision.at)
            for revision in before
        ],
    )
