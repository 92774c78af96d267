"""`/api/v1/tickets/{id}/alerts` and `/history`, which grow without bound, and their first pages."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from gateway.access.permission import Permission
from gateway.access.withheld import Withheld
from gateway.clock import Clock
from gateway.errors import NotFound
from gateway.history.chain import Chained
from gateway.silences.book import TenantSilences
from gateway.silences.store import SilenceStore
from gateway.tickets.naming import TICKET_ID
from gateway.tickets.view import JoinedAlert, LinkedTicket, TicketReader, TicketView
from gateway.web.http.answers import Answer, json_answer
from gateway.web.http.endpoint import Endpoint, WebCall
from gateway.web.http.forms import Form
from gateway.web.http.paging import DEFAULT_LIMIT, PageForm, exactly, first_part, part_of
from gateway.web.openapi.parameters import TICKET
from gateway.web.views.alert import ShownAlert, show_alert
from gateway.web.views.links import show_link
from gateway.web.views.page import Page
from gateway.web.views.ticket import HistoryEntry, TicketDetail, show_detail, show_entry
from gateway.web.views.words import Time
from gateway.workflows.judge import Offer

FETCH = DEFAULT_LIMIT + 1
"""Alerts and entries that a ticket's own answer needs: one more shows whether there are more."""


class AlertCursor(NamedTuple):
    """The last alert shown."""

    joined_at: Time
    fingerprint: Annotated[str, exactly("[0-9a-f]{32}")]


class EntryCursor(NamedTuple):
    """The last entry shown."""

    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class LinkCursor(NamedTuple):
    """The last link shown."""

    kind: Annotated[str, exactly("[a-z_]+")]
    is_from: bool
    id: Annotated[str, exactly(TICKET_ID.pattern)]


class TicketPartHandlers:
    """Reads only."""

    def __init__(self, reader: TicketReader, silences: SilenceStore, clock: Clock) -> None:
        self._reader = reader
        self._silences = silences
        self._clock = clock

    async def alerts(self, call: WebCall[PageForm]) -> Answer[Page[ShownAlert]]:
        """Alerts that are or were on the ticket, who joined last first."""
        part = part_of(call, AlertCursor)
        rows = await self._reader.alerts(call.principal, ticket_id_in(call), part.after, part.fetch)
        now = self._clock()
        silences = await self._silences.current(call.tenant, now)
        return json_answer(part.page(rows, _place_of, _show(silences, now)))

    async def history(self, call: WebCall[PageForm]) -> Answer[Page[HistoryEntry]]:
        """Who changed what of the ticket, when and why, latest first."""
        part = part_of(call, EntryCursor)
        before = part.after.sequence if part.after else None
        found = await self._reader.history(call.principal, ticket_id_in(call), before, part.fetch)
        show = _show_chained(found.withheld)
        return json_answer(part.page(found.entries, _place_in_chain, show))


def ticket_detail(
    view: TicketView, silences: TenantSilences, now: datetime, offers: Sequence[Offer]
) -> TicketDetail:
    """A ticket with the first page of its alerts, and its latest entries in their order."""
    path = f"/api/v1/tickets/{view.ticket.id}"
    alerts = first_part(f"{path}/alerts").page(view.alerts, _place_of, _show(silences, now))
    history = first_part(f"{path}/history").page(
        view.history, _place_in_chain, _show_chained(view.withheld)
    )
    links = first_part(f"{path}/links").page(view.linked.links, link_place, show_link)
    return show_detail(view, alerts, history, offers, links)


def ticket_id_in(call: WebCall[Form]) -> str:
    """From the path; what cannot be one is simply not found."""
    text = call.part("id")
    if not TICKET_ID.fullmatch(text):
        raise NotFound(f"no ticket {text}")
    return text


def _place_of(joined: JoinedAlert) -> AlertCursor:
    return AlertCursor(joined.joined_at, joined.alert.fingerprint)


def link_place(one: LinkedTicket) -> LinkCursor:
    """Of a link, in the list of its ticket's."""
    return LinkCursor(one.kind, one.is_from, one.id)


def _place_in_chain(one: Chained) -> EntryCursor:
    return EntryCursor(one.sequence)


def _show_chained(withheld: Withheld) -> Callable[[Chained], HistoryEntry]:
    return lambda one: show_entry(one.entry, withheld)


def _show(silences: TenantSilences, now: datetime) -> Callable[[JoinedAlert], ShownAlert]:
    return lambda joined: show_alert(joined.alert, silences, now)


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/tickets/{id}/alerts", Permission.TICKETS_READ, PageForm, Page[ShownAlert],
        TicketPartHandlers.alerts, "listTicketAlerts", ("tickets", "alerts"), {200: "One page"},
        asks=(TICKET,),
    ),
    Endpoint(
        "GET", "/api/v1/tickets/{id}/history", Permission.TICKETS_READ, PageForm,
        Page[HistoryEntry], TicketPartHandlers.history, "listTicketHistory", ("tickets",),
        {200: "One page"}, asks=(TICKET,),
    ),
)  # fmt: skip
