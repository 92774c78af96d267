"""`/api/v1/tickets`: lists, details, and what people do to tickets."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import msgspec
from aiohttp import hdrs, web

from gateway.access.principal import Principal
from gateway.alerts.labels import MAX_LABELS
from gateway.alerts.severity import Severity
from gateway.clock import Clock
from gateway.errors import FieldError, NotFound, Refused
from gateway.silences.store import SilenceStore
from gateway.tickets.desk import StaleTicket, TicketDesk, TicketFilter, TicketReader
from gateway.tickets.naming import MAX_TITLE_CHARACTERS, TICKET_ID, new_ticket_id
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.web import views
from gateway.web.api.ticket_parts import FETCH, ticket_detail, ticket_id_in
from gateway.web.http.answers import json_answer
from gateway.web.http.auth import principal_of
from gateway.web.http.body import BodyReader
from gateway.web.http.forms import Form, bad_field
from gateway.web.http.paging import exactly, page_parameters, query_parameters
from gateway.web.http.problems import HttpRefused

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE_CHARACTERS)]
Text = Annotated[str, msgspec.Meta(max_length=65_536)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Labels = Annotated[dict[Name, Text], msgspec.Meta(max_length=MAX_LABELS)]
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')
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
        desk: TicketDesk,
        silences: SilenceStore,
        bodies: BodyReader,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._desk = desk
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
        return await self._answer(request, ticket_id_in(request))

    async def create(self, request: web.Request) -> web.Response:
        """201 with Location."""
        query_parameters(request, ())
        form = await self._bodies.read_json(request, NewTicket)
        principal, now = principal_of(request), self._clock()
        ticket = Ticket(
            id=new_ticket_id(now),
            title=_not_blank(form.title),
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
        """Plain fields; a status takes the transition's path, and first: it may be refused."""
        query_parameters(request, ())
        form = await self._bodies.read_json(request, EditedTicket)
        principal, now, version = principal_of(request), self._clock(), if_match(request)
        ticket_id, fields = ticket_id_in(request), _fields_of(form)
        more: dict[str, object] = {}
        try:
            if isinstance(form.status, TicketStatus):
                step = Step(to=form.status, comment=form.comment)
                stepped = await self._step(principal, ticket_id, step, version)
                version = None if version is None else stepped.version
                more = {"still_firing": stepped.firing}
            if fields or not more:
                await self._desk.edit(
                    principal.tenant, ticket_id, fields, principal.actor, now, version
                )
        except StaleTicket as error:
            raise precondition_failed(error) from error
        return await self._answer(request, ticket_id, more=more)

    async def step(self, request: web.Request) -> web.Response:
        """A transition. The answer says how many alerts still fire."""
        query_parameters(request, ())
        form = await self._bodies.read_json(request, Step)
        ticket_id = ticket_id_in(request)
        try:
            stepped = await self._step(principal_of(request), ticket_id, form, if_match(request))
        except StaleTicket as error:
            raise precondition_failed(error) from error
        more = {"still_firing": stepped.firing}
        return await self._answer(request, ticket_id, more=more)

    async def _step(
        self, principal: Principal, ticket_id: str, step: Step, version: int | None
    ) -> Ticket:
        return await self._desk.step(
            principal.tenant, ticket_id, step.to, principal.actor, self._clock(), step.comment,
            version,
        )  # fmt: skip

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
        more: Mapping[str, object] | None = None,
    ) -> web.Response:
        tenant, now = principal_of(request).tenant, self._clock()
        view = await self._reader.one(tenant, ticket_id, FETCH)
        if view is None:
            raise NotFound(f"no ticket {ticket_id}")
        silences = await self._silences.current(tenant, now)
        body = {**ticket_detail(view, silences, now), **(more or {})}
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
