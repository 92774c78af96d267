"""How links, references and watchers look."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from gateway.links.link import LinkKind, TicketLink
from gateway.links.reference import (
    MAX_REFERENCE_CHARACTERS,
    MAX_URL_CHARACTERS,
    Reference,
    ReferenceKind,
)
from gateway.tickets.naming import MAX_TITLE_CHARACTERS
from gateway.tickets.ticket import TicketStatus
from gateway.tickets.view import LinkedTicket
from gateway.web.views.words import Name, Ordinal, TicketId, Time, about

WatcherId = Annotated[str, Meta(pattern=r"^(me|u_[0-9a-f]{26})$"), about("`me`, or a user's id.")]
ReferenceName = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_REFERENCE_CHARACTERS, extra_json_schema={"pattern": r"\S"}),
    about("What the other place calls it."),
]
WebAddress = Annotated[
    str,
    Meta(max_length=MAX_URL_CHARACTERS, extra_json_schema={"pattern": "^(https?://.+)?$"}),
    about('Of http or https; empty: none. To be shown with `rel="noopener noreferrer"`.'),
]


class ShownLink(Struct, frozen=True, kw_only=True, gc=False):
    """A ticket at the other end of a link."""

    kind: LinkKind
    end: Annotated[
        Literal["from", "to"],
        about(
            "Which end the other ticket is: the parent, what blocks and the duplicate are `from`."
        ),
    ]
    ticket: TicketId
    number: Ordinal
    title: str
    status: TicketStatus


class MadeLink(Struct, frozen=True, kw_only=True, gc=False):
    """A link, as it is kept: one that `relates` has the smaller id first."""

    kind: LinkKind
    start: TicketId = field(name="from")
    to: TicketId
    author: Name
    at: Time


class ShownReference(Struct, frozen=True, kw_only=True, gc=False):
    """Something that lives elsewhere."""

    kind: ReferenceKind
    reference: ReferenceName
    title: Annotated[str, Meta(max_length=MAX_TITLE_CHARACTERS)]
    url: WebAddress


class ShownWatcher(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody who hears of the ticket."""

    user: Annotated[Name, about("A user's id, or the actor of who has none.")]


def show_link(one: LinkedTicket) -> ShownLink:
    """As a ticket's own answer and its list of links show it."""
    return ShownLink(
        kind=LinkKind(one.kind),
        end="from" if one.is_from else "to",
        ticket=one.id,
        number=one.number,
        title=one.title,
        status=one.status,
    )


def show_made(link: TicketLink) -> MadeLink:
    """A link just after it was made."""
    return MadeLink(
        kind=link.kind, start=link.from_id, to=link.to_id, author=link.author, at=link.at
    )


def show_reference(one: Reference) -> ShownReference:
    """A reference."""
    return ShownReference(kind=one.kind, reference=one.reference, title=one.title, url=one.url)
