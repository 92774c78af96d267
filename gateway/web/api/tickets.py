"""`/api/v1/tickets`: lists, details, and what people do to tickets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import msgspec
from aiohttp import hdrs, web

from gateway.alerts.labels import MAX_LABELS
from gateway.alerts.severity import Severity
from gateway.changes.command import Command, StaleVersion
from gateway.changes.perform import Answer, Perform
from gateway.clock import Clock
from gateway.desk.change_ticket import ChangeTicket, StepTicket
from gateway.desk.open_ticket import OpenTicket, OpenTicketOfAlert
from gateway.errors import FieldError, NotFound, Refused
from gateway.silences.store import SilenceStore
from gateway.tickets.naming import MAX_TITLE_CHARACTERS, TICKET_ID
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.tickets.view import TicketFilter, TicketReader, TicketView
from gateway.web import views
from gateway.web.api.ticket_parts import FETCH, ticket_detail, ticket_id_in
from gateway.web.http.answers import json_answer
from gateway.web.http.auth import principal_of
from gateway.web.http.body import BodyReader
from gateway.web.http.conditions import idempotency_key, if_match, precondition_failed
from gateway.web.http.forms import Form, bad_field
from gateway.web.http.paging import exactly, page_parameters, query_parameters

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE_CHARACTERS)]
Text = Annotated[str, msgspec.Meta(max_length=65_536)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Labels = Annotated[dict[Name, Text], msgspec.Meta(max_length=MAX_LABELS)]
_FINGERPRINT = re.compile(r"[0-9a-fA-F]{32}")


class Cursor(NamedTuple):
    """The last ticket shown."""

    id: Annotated[str, exactly(TICKET_ID.pattern)]


class NewTicket(Form, frozen=True):
    """Body of `POST /api/v1/tickets`."""

    title: Title
    description: Text = ""
    priority: Severity = Severity.MEDIUM
    assignee: Name = ""
    assignee_group: Name = ""
    labels: Labels = msgspec.field(default_factory=dict)


class EditedTicket(Form, frozen=True):
    """Body of `PATCH /api/v1/tickets/{id}`: only what shall change. A status is a transition."""

    title: Title | msgspec.UnsetType = msgspec.UNSET
    description: Text | msgspec.UnsetType = msgspec.UNSET
    priority: Severity | msgspec.UnsetType = msgspec.UNSET
    assignee: Name | msgspec.UnsetType = msgspec.UNSET
    assignee_group: Name | msgspec.UnsetType = msgspec.UNSET
    status: TicketStatus | msgspec.UnsetType = msgspec.UNSET
    comment: Text = ""
    """Of the transition."""


class Step(Form, frozen=True):
    """Body of `POST /api/v1/tickets/{id}/transitions`."""

    to: TicketStatus
    comment: Text = ""


class TicketHandlers:
    """People and tickets."""

    def __init__(
        self,
        reader: TicketReader,
        perform: Perform,
        silences: SilenceStore,
        bodies: BodyReader,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._perform = perform
        self._silences = silences
        self._bodies = bodies
        self._clock = clock

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/api/v1/tickets", self.list, allow_head=False),
            web.post("/api/v1/tickets", self.create),
            web.get("/api/v1/tickets/{id}", self.detail, allow_head=False),
            web.patch("/api/v1/tickets/{id}", self.edit),
            web.post("/api/v1/tickets/{id}/transitions", self.step),
            web.post("/api/v1/alerts/{fingerprint}/ticket", self.of_alert),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Newest first."""
        page = page_parameters(request, ("status", "priority", "source", "q"), Cursor)
        narrowed = TicketFilter(
            status=one_of(page.filters.one("status"), TicketStatus, "status"),
            priority=one_of(page.filters.one("priority"), Severity, "priority"),
            source=page.filters.one("source"),
            text=page.filters.one("q"),
        )
        tenant = principal_of(request).tenant
        after = page.after.id if page.after else None
        found = await self._reader.page(tenant, narrowed, after, page.fetch)
        return json_answer(page.answer(found, lambda view: Cursor(view.ticket.id), views.ticket))

    async def detail(self, request: web.Request) -> web.Response:
        """With its newest alerts and latest entries; the ETag is for If-Match."""
        query_parameters(request, ())
        view = await self._view(request, ticket_id_in(request))
        return await self._answer(request, view.ticket)

    async def create(self, request: web.Request) -> web.Response:
        """201 with Location."""
        query_parameters(request, ())
        form = await self._bodies.read_json(request, NewTicket)
        command = OpenTicket(
            title=_not_blank(form.title),
            description=form.description,
            priority=form.priority,
            labels=form.labels,
            assignee=form.assignee,
            assignee_group=form.assignee_group,
        )
        ticket = await self._done(request, command)
        return await self._answer(request, ticket, status=201, created=True)

    async def edit(self, request: web.Request) -> web.Response:
        """Plain fields and a status, which takes the transition's path: all of it, or nothing."""
        query_parameters(request, ())
        form = await self._bodies.read_json(request, EditedTicket)
        to = form.status if isinstance(form.status, TicketStatus) else None
        command = ChangeTicket(
            ticket_id=ticket_id_in(request),
            fields=_fields_of(form),
            to=to,
            comment=form.comment,
            version=if_match(request),
        )
        ticket = await self._done(request, command)
        more = {} if to is None else {"still_firing": ticket.firing}
        return await self._answer(request, ticket, more=more)

    async def step(self, request: web.Request) -> web.Response:
        """A transition. The answer says how many alerts still fire."""
        query_parameters(request, ())
        form = await self._bodies.read_json(request, Step)
        command = StepTicket(
            ticket_id=ticket_id_in(request),
            to=form.to,
            comment=form.comment,
            version=if_match(request),
        )
        ticket = await self._done(request, command)
        return await self._answer(request, ticket, more={"still_firing": ticket.firing})

    async def of_alert(self, request: web.Request) -> web.Response:
        """The ticket of the alert's episode: 201 if it had to be opened, 200 if it was there."""
        query_parameters(request, ())
        command = OpenTicketOfAlert(fingerprint=fingerprint_in(request))
        ticket, opened = await self._done(request, command)
        status = 201 if opened else 200
        return await self._answer(request, ticket, status=status, created=True)

    async def _done(self, request: web.Request, command: Command[Any, Answer]) -> Answer:
        try:
            return await self._perform(command, principal_of(request), idempotency_key(request))
        except StaleVersion as error:
            raise precondition_failed(error) from error

    async def _answer(
        self,
        request: web.Request,
        ticket: Ticket,
        *,
        status: int = 200,
        created: bool = False,
        more: Mapping[str, object] | None = None,
    ) -> web.Response:
        """The ticket as the command left it, whatever others do to it meanwhile."""
        view = await self._view(request, ticket.id)
        now = self._clock()
        silences = await self._silences.current(principal_of(request).tenant, now)
        shown = replace(view, ticket=ticket)
        body = {**ticket_detail(shown, silences, now), **(more or {})}
        headers: dict[str, str] = {hdrs.ETAG: f'"{ticket.version}"'}
        if created:
            headers[hdrs.LOCATION] = f"/api/v1/tickets/{ticket.id}"
        return json_answer(body, status=status, headers=headers)

    async def _view(self, request: web.Request, ticket_id: str) -> TicketView:
        view = await self._reader.one(principal_of(request).tenant, ticket_id, FETCH)
        if view is None:
            raise NotFound(f"no ticket {ticket_id}")
        return view


def fingerprint_in(request: web.Request) -> bytes:
    """From the path; what cannot be one is simply not found."""
    text = request.match_info["fingerprint"]
    if not _FINGERPRINT.fullmatch(text):
        raise NotFound(f"no alert {text}")
    return bytes.fromhex(text)


def _not_blank(title: str) -> str:
    if not title.strip():
        raise bad_field("/title", "must not be blank")
    return title.strip()


def _fields_of(form: EditedTicket) -> dict[str, str]:
    """What is given of the fields that no workflow guards."""
    if form.comment and not isinstance(form.status, TicketStatus):
        raise bad_field("/comment", "belongs to a status; without one it would be lost")
    fields = {
        name: str(value)
        for name in ("title", "description", "priority", "assignee", "assignee_group")
        if (value := getattr(form, name)) is not msgspec.UNSET
    }
    if "title" in fields:
        fields["title"] = _not_blank(fields["title"])
    return fields


def one_of(text: str | None, kind: type[Severity] | type[TicketStatus], name: str) -> str | None:
    """A filter's value, refused if it is none of the known ones."""
    known = [str(value) for value in kind]
    if text is not None and text not in known:
        detail = f"must be one of {', '.join(known)}"
        raise Refused(
            f"{name} {detail}", code="bad_parameter", errors=(FieldError(f"/{name}", detail),)
        )
    return text
