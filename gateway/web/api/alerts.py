"""`/api/v1/alerts`: what is and was firing."""

import re
from typing import Annotated, NamedTuple

from gateway.access.permission import Permission
from gateway.alerts.alert import AlertStatus
from gateway.alerts.matching import read_matchers
from gateway.alerts.view import AlertFilter, AlertReader, AlertView
from gateway.clock import Clock
from gateway.errors import NotFound
from gateway.silences.store import SilenceStore
from gateway.web.http.answers import Answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.forms import Form
from gateway.web.http.paging import PageForm, exactly, part_of
from gateway.web.openapi.parameters import ALERT
from gateway.web.views.alert import ShownAlert, show_alert
from gateway.web.views.page import Page
from gateway.web.views.words import Time, about

_FINGERPRINT = re.compile(r"[0-9a-fA-F]{32}")


class AlertsCursor(NamedTuple):
    """The last alert shown."""

    first_seen: Time
    fingerprint: Annotated[str, exactly("[0-9a-f]{32}")]


class AlertsForm(PageForm, frozen=True):
    """What a list of alerts is narrowed to."""

    status: AlertStatus | None = None
    matchers: Annotated[
        str | None,
        about(
            'Matchers on the alert\'s labels, as in `{team="db", env!="test"}`. A missing label'
            " equals an empty one, and a pattern (RE2) must match the whole value."
        ),
    ] = None
    ticket: Annotated[str | None, about("The id of the ticket that the alert is on.")] = None


class AlertHandlers:
    """Reads only: alerts change by sightings and through their tickets."""

    def __init__(self, reader: AlertReader, silences: SilenceStore, clock: Clock) -> None:
        self._reader = reader
        self._silences = silences
        self._clock = clock

    async def list(self, call: WebCall[AlertsForm]) -> Answer[Page[ShownAlert]]:
        """Alerts, the newest known first."""
        part, form = part_of(call, AlertsCursor), call.form
        narrowed = AlertFilter(
            status=form.status,
            ticket=form.ticket,
            matchers=read_matchers(form.matchers or "", "/matchers"),
        )
        now = self._clock()
        found = await self._reader.page(call.principal, narrowed, part.after, part.fetch)
        silences = await self._silences.current(call.tenant, now)
        return json_answer(
            part.page(found, _place_of, lambda view: show_alert(view, silences, now))
        )

    async def detail(self, call: WebCall[Nothing]) -> Answer[ShownAlert]:
        """One alert."""
        now, fingerprint = self._clock(), fingerprint_in(call)
        view = await self._reader.one(call.principal, fingerprint)
        if view is None:
            raise NotFound(f"no alert {fingerprint.hex()}")
        silences = await self._silences.current(call.tenant, now)
        return json_answer(show_alert(view, silences, now))


def fingerprint_in(call: WebCall[Form]) -> bytes:
    """From the path; what cannot be one is simply not found."""
    text = call.part("fingerprint")
    if not _FINGERPRINT.fullmatch(text):
        raise NotFound(f"no alert {text}")
    return bytes.fromhex(text)


def _place_of(view: AlertView) -> AlertsCursor:
    return AlertsCursor(view.first_seen, view.fingerprint)


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/alerts", Permission.ALERTS_READ, AlertsForm, Page[ShownAlert],
        AlertHandlers.list, "listAlerts", ("alerts",), {200: "One page"},
    ),
    Endpoint(
        "GET", "/api/v1/alerts/{fingerprint}", Permission.ALERTS_READ, Nothing, ShownAlert,
        AlertHandlers.detail, "getAlert", ("alerts",), {200: "The alert"}, asks=(ALERT,),
    ),
)  # fmt: skip
