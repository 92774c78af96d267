"""`/api/v1/tickets`: lists, details, and what people do to tickets."""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec
from aiohttp import hdrs, web

from gateway.alerts.severity import Severity
from gateway.clock import Clock
from gateway.errors import FieldError, NotFound, Refused
from gateway.silences.book import SilenceBook
from gateway.tickets.desk import StaleTicket, TicketDesk, TicketFilter, TicketReader
from gateway.tickets.naming import MAX_TITLE_CHARACTERS, new_ticket_id
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.web import presented
from gateway.web.answers import json_answer
from gateway.web.auth import principal_of
from gateway.web.body import BodyReader
from gateway.web.forms import Form
from gateway.web.paging import page_parameters, query_parameters
from gateway.web.problems import HttpRefused

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE_CHARACTERS)]
Text = Annotated[str, msgspec.Meta(max_length=65_536)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')


class NewTicket(Form, frozen=True):
    """Body of `POST /api/v1/tickets`."""

    title: Title
    description: Text = ""
    priority: Severity = Severity.MEDIUM
    assignee: Name = ""
    assignee_group: Name = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)


class EditedTicket(Form, frozen=True):
    """Body of `PATCH /api/v1/tickets/{id}`: only what shall change. A status is a transition."""

    title: Title | msgspec.UnsetType = msgspec.UNSET
    description: Text | msgspec.UnsetType = msgspec.UNSET
    priority: Severity | msgspec.UnsetType = msgspec.UNSET
    assignee: Name | msgspec.UnsetType = msgspec.UNSET
    assignee_group: Name | msgspec.UnsetType = msgspec.UNSET
    status: TicketStatus | msgspec.UnsetType = msgspec.UNSET
    comment: Text = ""


class Step(Form, frozen=True):
    """Body of `POST /api/v1/tickets/{id}/transitions`."""

    to: TicketStatus
    comment: Text = ""


class TicketHandlers:
    """People and tickets."""

    def __init__(
        self,
        reader: TicketReader,
        desk: TicketDesk,
        book: SilenceBook,
        bodies: BodyReader,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._desk = desk
        self._book = book
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
        page = page_parameters(request, ("status", "priority", "source", "q"), str)
        narrowed = TicketFilter(
            status=one_of(page.filters.one("status"), TicketStatus, "status"),
            priority=one_of(page.filters.one("priority"), Severity, "priority"),
            source=page.filters.one("source"),
            text=page.filters.one("q"),
        )
        tenant = principal_of(request).tenant
        views = await self._reader.page(tenant, narrowed, page.after, page.fetch)
        return json_answer(page.answer(views, lambda view: view.ticket.id, presented.ticket))

    async def detail(self, request: web.Request) -> web.Response:
        """With its alerts and history; the ETag is for If-Match."""
        query_parameters(request, ())
        return await self._answer(request, request.match_info["id"])

    async def create(self, request: web.Request) -> web.Response:
        """201 with Location."""
        form = await self._bodies.read_json(request, NewTicket)
        principal, now = principal_of(request), self._clock()
        if not form.title.strip():
            raise Refused(
                "the body is not valid",
                code="invalid_body",
                errors=(FieldError("/title", "must not be blank"),),
            )
        ticket = Ticket(
            id=new_ticket_id(now),
            title=form.title.strip(),
            description=form.description,
            priority=form.priority,
            labels=msgspec.json.encode(form.labels),
            assignee=form.assignee,
            assignee_group=form.assignee_group,
            requester=principal.actor,
            created_at=now,
            updated_at=now,
        )
        saved = await self._desk.create(principal.tenant, ticket, "")
        return await self._answer(request, saved.id, status=201, created=True)

    async def edit(self, request: web.Request) -> web.Response:
        """Plain fields; a status takes the transition's path, in a step of its own."""
        form = await self._bodies.read_json(request, EditedTicket)
        principal, now, version = principal_of(request), self._clock(), if_match(request)
        ticket_id = request.match_info["id"]
        fields = {
            name: str(value)
            for name in ("title", "description", "priority", "assignee", "assignee_group")
            if (value := getattr(form, name)) is not msgspec.UNSET
        }
        try:
            if fields:
                edited = await self._desk.edit(
                    principal.tenant, ticket_id, fields, principal.actor, now, version
                )
                version = edited.version if version is not None else None
            if isinstance(form.status, TicketStatus):
                return await self._step(
                    request, Step(to=form.status, comment=form.comment), version
                )
        except StaleTicket as error:
            raise precondition_failed(error) from error
        return await self._answer(request, ticket_id)

    async def step(self, request: web.Request) -> web.Response:
        """A transition. The answer says how many alerts still fire."""
        form = await self._bodies.read_json(request, Step)
        return await self._step(request, form, if_match(request))

    async def _step(self, request: web.Request, form: Step, version: int | None) -> web.Response:
        principal, ticket_id = principal_of(request), request.match_info["id"]
        try:
            ticket = await self._desk.step(
                principal.tenant, ticket_id, form.to, principal.actor, self._clock(),
                form.comment, version,
            )  # fmt: skip
        except StaleTicket as error:
            raise precondition_failed(error) from error
        return await self._answer(request, ticket_id, still_firing=ticket.firing)

    async def of_alert(self, request: web.Request) -> web.Response:
        """The ticket of the alert's episode: 201 if it had to be opened, 200 if it was there."""
        query_parameters(request, ())
        principal = principal_of(request)
        fingerprint = fingerprint_in(request)
        ticket, opened = await self._desk.of_alert(
            principal.tenant, fingerprint, principal.actor, self._clock()
        )
        status = 201 if opened else 200
        return await self._answer(request, ticket.id, status=status, created=True)

    async def _answer(
        self,
        request: web.Request,
        ticket_id: str,
        *,
        status: int = 200,
        created: bool = False,
        **more: object,
    ) -> web.Response:
        tenant = principal_of(request).tenant
        view = await self._reader.one(tenant, ticket_id)
        if view is None:
            raise NotFound(f"no ticket {ticket_id}")
        body = presented.ticket_detail(view, self._book.of(tenant), self._clock()) | more
        headers: dict[str, str] = {hdrs.ETAG: f'"{view.ticket.version}"'}
        if created:
            headers[hdrs.LOCATION] = f"/api/v1/tickets/{ticket_id}"
        return json_answer(body, status=status, headers=headers)


def if_match(request: web.Request) -> int | None:
    """The version that the caller has seen, from If-Match; None if it does not say."""
    given = request.headers.get(hdrs.IF_MATCH)
    if given is None or given.strip() == "*":
        return None
    match = _ETAG.fullmatch(given.strip())
    if match is None:
        raise Refused("If-Match must be an ETag that this API gave", code="bad_etag")
    return int(match[1])


def precondition_failed(error: StaleTicket) -> HttpRefused:
    """412: somebody else was first."""
    return HttpRefused(error.detail, error.code, status=412)


def fingerprint_in(request: web.Request) -> bytes:
    """From the path; what cannot be one is simply not found."""
    text = request.match_info["fingerprint"]
    try:
        fingerprint = bytes.fromhex(text)
    except ValueError:
        fingerprint = b""
    if len(fingerprint) != 16:
        raise NotFound(f"no alert {text}")
    return fingerprint


def one_of(text: str | None, kind: type[Severity] | type[TicketStatus], name: str) -> str | None:
    """A filter's value, refused if it is none of the known ones."""
    known = [str(value) for value in kind]
    if text is not None and text not in known:
        detail = f"must be one of {', '.join(known)}"
        raise Refused(
            f"{name} {detail}", code="bad_parameter", errors=(FieldError(f"/{name}", detail),)
        )
    return text
