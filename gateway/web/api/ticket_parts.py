"""`/api/v1/tickets/{id}/alerts` and `/history`, which grow without bound, and their first pages."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec
from aiohttp import web

from gateway.clock import Clock
from gateway.errors import NotFound
from gateway.history.chain import Chained
from gateway.silences.book import TenantSilences
from gateway.silences.store import SilenceStore
from gateway.tickets.naming import TICKET_ID
from gateway.tickets.view import JoinedAlert, TicketReader, TicketView
from gateway.web import views
from gateway.web.http.answers import json_answer
from gateway.web.http.auth import principal_of
from gateway.web.http.forms import Moment
from gateway.web.http.paging import DEFAULT_LIMIT, first_page, page_parameters

FETCH = DEFAULT_LIMIT + 1
"""Alerts and entries that a ticket's own answer needs: one more shows whether there are more."""


class AlertCursor(NamedTuple):
    """The last alert shown."""

    joined_at: Moment
    fingerprint: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]


class EntryCursor(NamedTuple):
    """The last entry shown."""

    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class TicketPartHandlers:
    """Reads only."""

    def __init__(self, reader: TicketReader, silences: SilenceStore, clock: Clock) -> None:
        self._reader = reader
        self._silences = silences
        self._clock = clock

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/api/v1/tickets/{id}/alerts", self.alerts, allow_head=False),
            web.get("/api/v1/tickets/{id}/history", self.history, allow_head=False),
        ]

    async def alerts(self, request: web.Request) -> web.Response:
        """Those that are or were on the ticket; who joined last comes first."""
        page = page_parameters(request, (), AlertCursor)
        tenant = principal_of(request).tenant
        rows = await self._reader.alerts(tenant, ticket_id_in(request), page.after, page.fetch)
        now = self._clock()
        silences = await self._silences.current(tenant, now)
        return json_answer(page.answer(rows, _place_of, _present(silences, now)))

    async def history(self, request: web.Request) -> web.Response:
        """Latest first."""
        page = page_parameters(request, (), EntryCursor)
        tenant, before = principal_of(request).tenant, page.after.sequence if page.after else None
        rows = await self._reader.history(tenant, ticket_id_in(request), before, page.fetch)
        return json_answer(page.answer(rows, _place_in_chain, _present_entry))


def ticket_detail(view: TicketView, silences: TenantSilences, now: datetime) -> dict[str, object]:
    """A ticket with the first page of its alerts, and its latest entries in their order."""
    path = f"/api/v1/tickets/{view.ticket.id}"
    alerts = first_page(f"{path}/alerts").answer(view.alerts, _place_of, _present(silences, now))
    history = first_page(f"{path}/history").answer(view.history, _place_in_chain, _present_entry)
    return {
        **views.ticket(view),
        "alerts": alerts["items"],
        "alerts_count": view.alerts_count,
        "alerts_next": alerts["next"],
        "history": [_present_entry(one) for one in reversed(view.history[:DEFAULT_LIMIT])],
        "history_count": view.ticket.history_length,
        "history_next": history["next"],
    }


def ticket_id_in(request: web.Request) -> str:
    """From the path; what cannot be one is simply not found."""
    text = request.match_info["id"]
    if not TICKET_ID.fullmatch(text):
        raise NotFound(f"no ticket {text}")
    return text


def _place_of(joined: JoinedAlert) -> AlertCursor:
    return AlertCursor(joined.joined_at, joined.alert.fingerprint)


def _place_in_chain(one: Chained) -> EntryCursor:
    return EntryCursor(one.sequence)


def _present_entry(one: Chained) -> dict[str, object]:
    return views.history(one.entry)


def _present(silences: TenantSilences, now: datetime) -> Callable[[JoinedAlert], dict[str, object]]:
    return lambda joined: views.alert(joined.alert, silences, now)
