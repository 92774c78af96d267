"""`/api/v1/alerts`: what is and was firing."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from aiohttp import web

from gateway.alerts.alert import AlertStatus
from gateway.alerts.matching import read_matchers
from gateway.alerts.view import AlertFilter, AlertReader, AlertView
from gateway.clock import Clock
from gateway.errors import FieldError, NotFound, Refused
from gateway.silences.store import SilenceStore
from gateway.web import views
from gateway.web.api.tickets import fingerprint_in
from gateway.web.http.answers import json_answer
from gateway.web.http.auth import principal_of
from gateway.web.http.forms import Moment
from gateway.web.http.paging import exactly, page_parameters, query_parameters


class Cursor(NamedTuple):
    """The last alert shown."""

    first_seen: Moment
    fingerprint: Annotated[str, exactly("[0-9a-f]{32}")]


class AlertHandlers:
    """Reads only: alerts change by sightings and through their tickets."""

    def __init__(self, reader: AlertReader, silences: SilenceStore, clock: Clock) -> None:
        self._reader = reader
        self._silences = silences
        self._clock = clock

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/api/v1/alerts", self.list, allow_head=False),
            web.get("/api/v1/alerts/{fingerprint}", self.detail, allow_head=False),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Newest first; `matchers` are Alertmanager's, as in `{team="db", env!="test"}`."""
        page = page_parameters(request, ("status", "matchers", "ticket"), Cursor)
        narrowed = AlertFilter(
            status=_status(page.filters.one("status")),
            ticket=page.filters.one("ticket"),
            matchers=read_matchers(page.filters.one("matchers") or "", "/matchers"),
        )
        tenant, now = principal_of(request).tenant, self._clock()
        found = await self._reader.page(tenant, narrowed, page.after, page.fetch)
        silences = await self._silences.current(tenant, now)

        def present(view: AlertView) -> dict[str, object]:
            return views.alert(view, silences, now)

        return json_answer(
            page.answer(found, lambda view: Cursor(view.first_seen, view.fingerprint), present)
        )

    async def detail(self, request: web.Request) -> web.Response:
        """One alert."""
        query_parameters(request, ())
        tenant, now = principal_of(request).tenant, self._clock()
        fingerprint = fingerprint_in(request)
        view = await self._reader.one(tenant, fingerprint)
        if view is None:
            raise NotFound(f"no alert {fingerprint.hex()}")
        silences = await self._silences.current(tenant, now)
        return json_answer(views.alert(view, silences, now))


def _status(text: str | None) -> str | None:
    known = [str(status) for status in AlertStatus]
    if text is not None and text not in known:
        detail = f"must be one of {', '.join(known)}"
        raise Refused(
            f"status {detail}", code="bad_parameter", errors=(FieldError("/status", detail),)
        )
    return text
