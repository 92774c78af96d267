"""`/api/v1/tickets/{id}/links`: what a ticket has to do with others."""

from typing import Annotated

from gateway.access.permission import Permission
from gateway.changes.perform import Perform
from gateway.desk.link import LinkTickets, UnlinkTickets
from gateway.errors import NotFound
from gateway.links.link import LinkKind
from gateway.links.view import LinkReader
from gateway.tickets.naming import TICKET_ID
from gateway.web.api.ticket_parts import LinkCursor, link_place, ticket_id_in
from gateway.web.http.answers import Answer, empty_answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.forms import Form
from gateway.web.http.paging import PageForm, part_of
from gateway.web.openapi.parameters import ACTOR, KEY, LINK_KIND, OTHER_TICKET, TICKET
from gateway.web.openapi.refusals import LINK_FORBIDDEN
from gateway.web.views.links import MadeLink, ShownLink, show_link, show_made
from gateway.web.views.page import Page
from gateway.web.views.words import TicketId, about


class NewLink(Form, frozen=True):
    """What the ticket shall be to another."""

    kind: Annotated[
        LinkKind,
        about("People make `parent`, `blocks`, `duplicates` and `relates`; the ticket of the path "
              "is the parent, blocks, or is the duplicate."),
    ]  # fmt: skip
    ticket: Annotated[
        TicketId, about("The other ticket: the child, what is blocked, the original.")
    ]


class LinkHandlers:
    """People and links."""

    def __init__(self, reader: LinkReader, perform: Perform) -> None:
        self._reader = reader
        self._perform = perform

    async def list(self, call: WebCall[PageForm]) -> Answer[Page[ShownLink]]:
        """What the ticket is linked to, from either end: by kind."""
        part = part_of(call, LinkCursor)
        found = await self._reader.links(call.principal, ticket_id_in(call), part.after, part.fetch)
        return json_answer(part.page(found, link_place, show_link))

    async def create(self, call: WebCall[NewLink]) -> Answer[MadeLink]:
        """Link the ticket to another.

        A ticket has one parent, and ten above it at most; neither parents nor what blocks close a
        ring. A duplicate hands its alerts to the original, which goes on for both, and ends when
        that ends; its own duplicates become the original's. A link that is there is given again.
        """
        form = call.form
        command = LinkTickets(ticket_id=ticket_id_in(call), kind=form.kind, other_id=form.ticket)
        link, is_new = await self._perform(command, call.principal, call.key)
        return json_answer(show_made(link), status=201 if is_new else 200)

    async def remove(self, call: WebCall[Nothing]) -> Answer[None]:
        """Take a link away, from either end.

        A duplicate stands for itself again: its window is its own, with what fires in it.
        """
        kind, other = call.part("kind"), call.part("other")
        if kind not in set(LinkKind) or not TICKET_ID.fullmatch(other):
            raise NotFound(f"no link of kind {kind} to {other}")
        command = UnlinkTickets(ticket_id=ticket_id_in(call), kind=LinkKind(kind), other_id=other)
        await self._perform(command, call.principal, call.key)
        return empty_answer()


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/tickets/{id}/links", Permission.TICKETS_READ, PageForm, Page[ShownLink],
        LinkHandlers.list, "listLinks", ("tickets",), {200: "One page"}, asks=(TICKET,),
    ),
    Endpoint(
        "POST", "/api/v1/tickets/{id}/links", LinkTickets.permission, NewLink, MadeLink,
        LinkHandlers.create, "linkTicket", ("tickets",), {200: "It was there", 201: "Linked"},
        asks=(TICKET, ACTOR, KEY), refuses={409: LINK_FORBIDDEN},
    ),
    Endpoint(
        "DELETE", "/api/v1/tickets/{id}/links/{kind}/{other}", UnlinkTickets.permission, Nothing,
        type(None), LinkHandlers.remove, "unlinkTicket", ("tickets",), {204: "It is gone"},
        asks=(TICKET, LINK_KIND, OTHER_TICKET, ACTOR, KEY), refuses={409: LINK_FORBIDDEN},
    ),
)  # fmt: skip
