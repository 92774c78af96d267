"""`/api/v1/alerts`: what is and was firing."""

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from gateway.alerts.alert import AlertStatus
from gateway.alerts.view import AlertFilter, AlertReader, AlertView
from gateway.clock import Clock
from gateway.errors import FieldError, NotFound, Refused
from gateway.silences.book import SilenceBook
from gateway.web import presented
from gateway.web.answers import json_answer
from gateway.web.auth import principal_of
from gateway.web.paging import page_parameters, query_parameters
from gateway.web.tickets import fingerprint_in
from matchers import Matcher, MatcherSyntaxError, parse


class AlertHandlers:
    """Reads only: alerts change by sightings and through their tickets."""

    def __init__(self, reader: AlertReader, book: SilenceBook, clock: Clock) -> None:
        self._reader = reader
        self._book = book
        self._clock = clock

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/api/v1/alerts", self.list, allow_head=False),
            web.get("/api/v1/alerts/{fingerprint}", self.detail, allow_head=False),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Newest first; `matchers` are Alertmanager's, as in `{team="db", env!="test"}`."""
        page = page_parameters(request, ("status", "matchers", "ticket"), tuple[datetime, str])
        narrowed = AlertFilter(
            status=_status(page.filters.one("status")),
            ticket=page.filters.one("ticket"),
            matchers=parsed_matchers(page.filters.one("matchers") or "", "/matchers"),
        )
        tenant = principal_of(request).tenant
        views = await self._reader.page(tenant, narrowed, page.after, page.fetch)
        silences, now = self._book.of(tenant), self._clock()

        def present(view: AlertView) -> dict[str, object]:
            return presented.alert(view, silences, now)

        return json_answer(
            page.answer(views, lambda view: (view.first_seen, view.fingerprint), present)
        )

    async def detail(self, request: web.Request) -> web.Response:
        """One alert."""
        query_parameters(request, ())
        tenant = principal_of(request).tenant
        fingerprint = fingerprint_in(request)
        view = await self._reader.one(tenant, fingerprint)
        if view is None:
            raise NotFound(f"no alert {fingerprint.hex()}")
        return json_answer(presented.alert(view, self._book.of(tenant), self._clock()))


def parsed_matchers(text: str, pointer: str) -> tuple[Matcher, ...]:
    """Raises Refused with the position of the mistake."""
    try:
        return parse(text)
    except MatcherSyntaxError as error:
        detail = f"{error} (at character {error.position})"
        raise Refused(
            f"matchers: {detail}", code="bad_matchers", errors=(FieldError(pointer, detail),)
        ) from error


def _status(text: str | None) -> str | None:
    known = [str(status) for status in AlertStatus]
    if text is not None and text not in known:
        detail = f"must be one of {', '.join(known)}"
        raise Refused(
            f"status {detail}", code="bad_parameter", errors=(FieldError("/status", detail),)
        )
    return text
