"""`/api/v1/tickets`: lists, details, and what people do to tickets."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, NamedTuple, TypeVar

from aiohttp import hdrs
from msgspec import UNSET

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Command
from gateway.changes.perform import Perform
from gateway.clock import Clock
from gateway.desk.change_ticket import ChangeTicket, StepTicket
from gateway.desk.major import EscalateTicket, StandDown
from gateway.desk.open_ticket import OpenTicket, OpenTicketOfAlert
from gateway.desk.relocate import RelocateTicket
from gateway.errors import NotFound
from gateway.silences.store import SilenceStore
from gateway.tickets.naming import TICKET_ID
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.tickets.view import TicketCounter, TicketReader, TicketView
from gateway.web.api.alerts import fingerprint_in
from gateway.web.api.ticket_edits import NewTicket, opening, plain_fields
from gateway.web.api.ticket_forms import (
    CountsForm,
    MajorStep,
    Relocation,
    StandingDown,
    TicketEdit,
    TicketsForm,
    Transition,
    aim_of,
    check_said,
    reason_in,
)
from gateway.web.api.ticket_parts import FETCH, ticket_detail, ticket_id_in
from gateway.web.http.answers import Answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.paging import exactly, part_of
from gateway.web.openapi.parameters import ACTOR, ALERT, ETAG, IF_MATCH, KEY, LOCATION, TICKET
from gateway.web.openapi.refusals import (
    FORBIDDEN_TRANSITION,
    INVALID_CUSTOM,
    MISSING_FIELDS,
    NOT_LOST,
    NOT_MAJOR,
    NOT_NOW,
    STALE_TICKET,
)
from gateway.web.views.page import Page
from gateway.web.views.ticket import (
    ChangedTicket,
    MovedTicket,
    ShownTicket,
    TicketCounts,
    TicketDetail,
    show_changed,
    show_moved,
    show_ticket,
)
from gateway.workflows.aliases import canonical_state
from gateway.workflows.book import Workflows
from gateway.workflows.judge import Case, available

Detail = TypeVar("Detail", bound=TicketDetail)


class TicketCursor(NamedTuple):
    """The last ticket shown."""

    id: Annotated[str, exactly(TICKET_ID.pattern)]


class TicketHandlers:
    """People and tickets."""

    def __init__(
        self,
        reader: TicketReader,
        counter: TicketCounter,
        perform: Perform,
        silences: SilenceStore,
        clock: Clock,
        workflows: Callable[[int], Workflows],
    ) -> None:
        self._reader = reader
        self._counter = counter
        self._perform = perform
        self._silences = silences
        self._clock = clock
        self._workflows = workflows

    async def list(self, call: WebCall[TicketsForm]) -> Answer[Page[ShownTicket]]:
        """Tickets, newest first.

        A parameter that is given again means any of its values; different ones must all hold. A
        page looks at 20,000 tickets at most (5,000 for patterns and sources): where few of many
        are wanted, it may be short, or empty, and still have a `next`.
        """
        part = part_of(call, TicketCursor)
        narrowed = call.form.narrowed(call.principal.actor)
        after = part.after.id if part.after else None
        found = await self._reader.page(call.principal, narrowed, after, part.fetch)
        end = None if found.walked_to is None else TicketCursor(found.walked_to)
        return json_answer(part.page(found.tickets, _place_of, show_ticket, end))

    async def counts(self, call: WebCall[CountsForm]) -> Answer[TicketCounts]:
        """How many tickets are live, by one of their fields.

        Open, in progress or pending. Counted again every five seconds at most.
        """
        by = call.form.by
        return json_answer(TicketCounts(by=by, counts=await self._counter.live(call.principal, by)))

    async def detail(self, call: WebCall[Nothing]) -> Answer[TicketDetail]:
        """One ticket with its newest alerts and its latest history.

        At most 50 of each; the counts say how many there are, and `alerts_next` and `history_next`
        are cursors of `/api/v1/tickets/{id}/alerts` and `/api/v1/tickets/{id}/history`.
        """
        view = await self._view(call.principal, ticket_id_in(call))
        return _answer(await self._shown(call.principal, view))

    async def create(self, call: WebCall[NewTicket]) -> Answer[TicketDetail]:
        """Open a ticket that no alert stands behind."""
        ticket = await self._perform(opening(call.form), call.principal, call.key)
        return _made(await self._detail(call.principal, ticket), status=201)

    async def edit(self, call: WebCall[TicketEdit]) -> Answer[ChangedTicket]:
        """Change plain fields, or move the ticket along its workflow.

        A priority that a person sets stays, also where severity, impact or urgency change; else
        these change it by the matrix.

        Only what is given changes, all of it or nothing. A `status` is a transition: if it is
        refused, nothing is changed. A `comment` belongs to the transition and needs a `status`.
        """
        form, version = call.form, call.version
        check_said(form)
        to = str(form.status) if isinstance(form.status, TicketStatus) else ""
        command = ChangeTicket(
            ticket_id=ticket_id_in(call),
            fields=plain_fields(form),
            to=to,
            comment=form.comment,
            resolution=form.resolution,
            resolution_note=form.resolution_note,
            version=version,
        )
        ticket = await self._perform(command, call.principal, call.key)
        still_firing = UNSET if not to else ticket.firing
        return _answer(show_changed(await self._detail(call.principal, ticket), still_firing))

    async def step(self, call: WebCall[Transition]) -> Answer[MovedTicket]:
        """Move the ticket along its workflow.

        The ticket's `actions` say which steps the caller may take. While the ticket is in_progress
        or pending its alerts are acknowledged. A person's resolve or close quiets the running
        episodes for the rule's window, a cancel until they end; `still_firing` says how many
        alerts fire on.
        """
        form, (to, action) = call.form, aim_of(call.form)
        command = StepTicket(
            ticket_id=ticket_id_in(call),
            to=to,
            action=action,
            comment=form.comment,
            resolution=form.resolution,
            resolution_note=form.resolution_note,
            assignee=form.assignee,
            custom=form.custom,
            version=call.version,
        )
        ticket = await self._perform(command, call.principal, call.key)
        return _answer(show_moved(await self._detail(call.principal, ticket), ticket.firing))

    async def escalate(self, call: WebCall[MajorStep]) -> Answer[TicketDetail]:
        """Make a live incident major: critical, in the workflow `major_incident`.

        The system does not resolve it then; people do.
        """
        command = EscalateTicket(
            ticket_id=ticket_id_in(call), comment=call.form.comment, version=call.version
        )
        return await self._done(call.principal, command, call.key)

    async def stand_down(self, call: WebCall[StandingDown]) -> Answer[TicketDetail]:
        """Major no more: back to the workflow that it had. The priority stays as it is."""
        command = StandDown(
            ticket_id=ticket_id_in(call),
            comment=reason_in(call.form.comment),
            version=call.version,
        )
        return await self._done(call.principal, command, call.key)

    async def relocate(self, call: WebCall[Relocation]) -> Answer[TicketDetail]:
        """Put a ticket whose state its workflow has no longer into one that it has."""
        command = RelocateTicket(
            ticket_id=ticket_id_in(call),
            state=canonical_state(call.form.state),
            comment=reason_in(call.form.comment),
            version=call.version,
        )
        return await self._done(call.principal, command, call.key)

    async def _done(
        self, by: Principal, command: Command[Any, Ticket], key: str | None
    ) -> Answer[TicketDetail]:
        return _answer(await self._detail(by, await self._perform(command, by, key)))

    async def of_alert(self, call: WebCall[Nothing]) -> Answer[TicketDetail]:
        """The ticket of the alert's episode, opened if there is none.

        One ticket per episode, however often and by however many this is asked at once. Takes no
        body.
        """
        command = OpenTicketOfAlert(fingerprint=fingerprint_in(call))
        ticket, opened = await self._perform(command, call.principal, call.key)
        return _made(await self._detail(call.principal, ticket), status=201 if opened else 200)

    async def _detail(self, by: Principal, ticket: Ticket) -> TicketDetail:
        """The ticket as its command left it, whatever others do to it meanwhile."""
        view = await self._view(by, ticket.id)
        return await self._shown(by, replace(view, ticket=ticket))

    async def _shown(self, by: Principal, view: TicketView) -> TicketDetail:
        now, workflows = self._clock(), self._workflows(by.tenant)
        case = Case(
            ticket=view.ticket,
            workflow=workflows.of(view.ticket.workflow),
            by=by,
            fields=workflows.fields,
            live_children=view.linked.live_children,
            newer_live=view.newer_live,
            moved_by=view.moved_by,
        )
        silences = await self._silences.current(by.tenant, now)
        return ticket_detail(view, silences, now, available(case))

    async def _view(self, by: Principal, ticket_id: str) -> TicketView:
        view = await self._reader.one(by, ticket_id, FETCH)
        if view is None:
            raise NotFound(f"no ticket {ticket_id}")
        return view


def _place_of(view: TicketView) -> TicketCursor:
    return TicketCursor(view.ticket.id)


def _answer(detail: Detail) -> Answer[Detail]:
    return json_answer(detail, headers={hdrs.ETAG: f'"{detail.version}"'})


def _made(detail: TicketDetail, *, status: int) -> Answer[TicketDetail]:
    headers: dict[str, str] = {
        hdrs.ETAG: f'"{detail.version}"',
        hdrs.LOCATION: f"/api/v1/tickets/{detail.id}",
    }
    return json_answer(detail, status=status, headers=headers)


_STEP_REFUSALS = {
    403: FORBIDDEN_TRANSITION, 409: NOT_NOW, 412: STALE_TICKET, 422: MISSING_FIELDS,
}  # fmt: skip

ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/tickets", Permission.TICKETS_READ, TicketsForm, Page[ShownTicket],
        TicketHandlers.list, "listTickets", ("tickets",), {200: "One page"},
    ),
    Endpoint(
        "GET", "/api/v1/tickets/counts", Permission.TICKETS_READ, CountsForm, TicketCounts,
        TicketHandlers.counts, "countTickets", ("tickets",), {200: "The counts"},
    ),
    Endpoint(
        "POST", "/api/v1/tickets", OpenTicket.permission, NewTicket, TicketDetail,
        TicketHandlers.create, "createTicket", ("tickets",), {201: "Opened"},
        asks=(ACTOR, KEY), gives=(LOCATION, ETAG), refuses={422: INVALID_CUSTOM},
    ),
    Endpoint(
        "GET", "/api/v1/tickets/{id}", Permission.TICKETS_READ, Nothing, TicketDetail,
        TicketHandlers.detail, "getTicket", ("tickets",), {200: "The ticket"},
        asks=(TICKET,), gives=(ETAG,),
    ),
    Endpoint(
        "PATCH", "/api/v1/tickets/{id}", ChangeTicket.permission, TicketEdit, ChangedTicket,
        TicketHandlers.edit, "editTicket", ("tickets",),
        {200: "The ticket as it is now; with `still_firing` if a status was given"},
        asks=(TICKET, ACTOR, KEY, IF_MATCH), gives=(ETAG,),
        refuses=_STEP_REFUSALS,
    ),
    Endpoint(
        "POST", "/api/v1/tickets/{id}/transitions", StepTicket.permission, Transition,
        MovedTicket, TicketHandlers.step, "moveTicket", ("tickets",),
        {200: "The ticket as it is now"},
        asks=(TICKET, ACTOR, KEY, IF_MATCH), gives=(ETAG,), refuses=_STEP_REFUSALS,
    ),
    Endpoint(
        "POST", "/api/v1/tickets/{id}/escalate", EscalateTicket.permission, MajorStep,
        TicketDetail, TicketHandlers.escalate, "escalateTicket", ("tickets",),
        {200: "The ticket as it is now"},
        asks=(TICKET, ACTOR, KEY, IF_MATCH), gives=(ETAG,),
        refuses={409: NOT_MAJOR, 412: STALE_TICKET},
    ),
    Endpoint(
        "POST", "/api/v1/tickets/{id}/stand-down", StandDown.permission, StandingDown,
        TicketDetail, TicketHandlers.stand_down, "standDownTicket", ("tickets",),
        {200: "The ticket as it is now"},
        asks=(TICKET, ACTOR, KEY, IF_MATCH), gives=(ETAG,),
        refuses={409: NOT_MAJOR, 412: STALE_TICKET},
    ),
    Endpoint(
        "POST", "/api/v1/tickets/{id}/relocate", RelocateTicket.permission, Relocation,
        TicketDetail, TicketHandlers.relocate, "relocateTicket", ("tickets",),
        {200: "The ticket as it is now"},
        asks=(TICKET, ACTOR, KEY, IF_MATCH), gives=(ETAG,),
        refuses={409: NOT_LOST, 412: STALE_TICKET},
    ),
    Endpoint(
        "POST", "/api/v1/alerts/{fingerprint}/ticket", OpenTicketOfAlert.permission, Nothing,
        TicketDetail, TicketHandlers.of_alert, "ticketOfAlert", ("alerts", "tickets"),
        {200: "It was there", 201: "It was opened"},
        asks=(ALERT, ACTOR, KEY), gives=(LOCATION, ETAG),
    ),
)  # fmt: skip
