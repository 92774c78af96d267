"""`/api/v1/tickets/{id}/refs`: what a ticket has to do with the rest of the world."""

from typing import Annotated

from msgspec import Meta

from gateway.access.permission import Permission
from gateway.changes.perform import Perform
from gateway.desk.reference import AddReference, RemoveReference
from gateway.links.reference import ReferenceKind, is_web_address, one_line
from gateway.links.view import LinkReader
from gateway.tickets.naming import MAX_TITLE_CHARACTERS
from gateway.web.api.ticket_parts import ticket_id_in
from gateway.web.http.answers import Answer, empty_answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.forms import Form, bad_field
from gateway.web.openapi.parameters import ACTOR, KEY, TICKET
from gateway.web.openapi.refusals import TOO_MANY
from gateway.web.views.links import ReferenceName, ShownReference, WebAddress, show_reference
from gateway.web.views.page import Page


class NewReference(Form, frozen=True):
    """What the ticket shall refer to."""

    kind: ReferenceKind
    reference: ReferenceName
    title: Annotated[str, Meta(max_length=MAX_TITLE_CHARACTERS)] = ""
    url: WebAddress = ""


class ReferenceChoice(Form, frozen=True):
    """Which one."""

    kind: ReferenceKind
    reference: ReferenceName


class ReferenceHandlers:
    """People and references."""

    def __init__(self, reader: LinkReader, perform: Perform) -> None:
        self._reader = reader
        self._perform = perform

    async def list(self, call: WebCall[Nothing]) -> Answer[Page[ShownReference]]:
        """All references of the ticket, by kind and name: 200 at most."""
        found = await self._reader.references(call.principal, ticket_id_in(call))
        return json_answer(Page(items=[show_reference(one) for one in found], next=None))

    async def add(self, call: WebCall[NewReference]) -> Answer[ShownReference]:
        """Refer to something that lives elsewhere.

        One of that kind and name that is there is given this title and URL.
        """
        form = call.form
        command = AddReference(
            ticket_id=ticket_id_in(call),
            kind=form.kind,
            reference=_named(form.reference),
            title=one_line(form.title),
            url=_opened(form),
        )
        reference, is_new = await self._perform(command, call.principal, call.key)
        return json_answer(show_reference(reference), status=201 if is_new else 200)

    async def remove(self, call: WebCall[ReferenceChoice]) -> Answer[None]:
        """Refer to it no longer."""
        form = call.form
        name = one_line(form.reference)
        command = RemoveReference(ticket_id=ticket_id_in(call), kind=form.kind, reference=name)
        await self._perform(command, call.principal, call.key)
        return empty_answer()


def _named(text: str) -> str:
    name = one_line(text)
    if not name:
        raise bad_field("/reference", "must not be blank")
    return name


def _opened(form: NewReference) -> str:
    """Of kind `url` the name is the address itself, if none is given."""
    url = form.url
    if not url and form.kind is ReferenceKind.URL:
        url = _named(form.reference)
        if not is_web_address(url):
            raise bad_field("/reference", "must be a URL of http or https, or `url` is one")
    if url and not is_web_address(url):
        raise bad_field("/url", "must be a URL of http or https, in ASCII")
    return url


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/tickets/{id}/refs", Permission.TICKETS_READ, Nothing,
        Page[ShownReference], ReferenceHandlers.list, "listReferences", ("tickets",),
        {200: "All of them"}, asks=(TICKET,),
    ),
    Endpoint(
        "POST", "/api/v1/tickets/{id}/refs", AddReference.permission, NewReference,
        ShownReference, ReferenceHandlers.add, "addReference", ("tickets",),
        {200: "It was there", 201: "It is there now"}, asks=(TICKET, ACTOR, KEY),
        refuses={409: TOO_MANY},
    ),
    Endpoint(
        "DELETE", "/api/v1/tickets/{id}/refs", RemoveReference.permission, ReferenceChoice,
        type(None), ReferenceHandlers.remove, "removeReference", ("tickets",),
        {204: "It is gone"}, asks=(TICKET, ACTOR, KEY),
    ),
)  # fmt: skip
