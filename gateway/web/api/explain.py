"""Explain: why an alert has the ticket it has, or none. Changes nothing."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import msgspec
import orjson

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.alerts.sighting import Sighting
from gateway.alerts.view import AlertReader, AlertView, StrandView
from gateway.clock import Clock
from gateway.errors import NotFound, Refused, Unavailable
from gateway.intake.delivery.checker import Checked, Checker
from gateway.intake.explain import Explanation, Rehearsal, explain
from gateway.silences.store import SilenceStore
from gateway.tickets.visibility import sees
from gateway.web.api.alerts import fingerprint_in
from gateway.web.http.answers import Answer, json_answer
from gateway.web.http.body import BodyReader
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.forms import Form
from gateway.web.http.options import MIB
from gateway.web.openapi.parameters import ALERT
from gateway.web.openapi.refusals import NOT_FOUND, OTHER
from gateway.web.openapi.sent import SENT
from gateway.web.views.alert import show_alert
from gateway.web.views.explain import ExplainedAlert, ExplainedBody, show_explanation
from gateway.web.views.intake import show_rejected
from gateway.web.views.words import about

MAX_EXPLAINED = 100
"""Alerts of one body: each is applied in a transaction, and its whole way is written out."""
MAX_EXPLAINED_BYTES = MIB


class ExplainForm(Form, frozen=True):
    """Whose body is explained."""

    source: Annotated[str, about("Whose body it is.")] = "custom"


class ExplainHandlers:
    """`/api/v1/explain` for a body, `/api/v1/alerts/{fingerprint}/explain` for what is known."""

    def __init__(
        self,
        checker: Checker,
        rehearsal: Rehearsal,
        alerts: AlertReader,
        silences: SilenceStore,
        bodies: BodyReader,
        clock: Clock,
    ) -> None:
        self._checker = checker
        self._rehearsal = rehearsal
        self._alerts = alerts
        self._silences = silences
        self._bodies = bodies
        self._clock = clock

    async def body(self, call: WebCall[ExplainForm]) -> Answer[ExplainedBody]:
        """The way of every alert of a body, if it were taken in now.

        Takes what `/api/v1/intake/{source}` takes, up to 100 alerts and 1 MiB, and changes nothing.
        """
        source = self._checker.source(call.form.source or "custom")
        now = self._clock()
        async with self._bodies.read(call.request, MAX_EXPLAINED_BYTES) as body:
            checked = await self._checker.read(source, call.tenant, body, now)
        found = len(checked.sightings) + len(checked.rejected)
        if found > MAX_EXPLAINED:
            detail = f"{found} alerts in one body; {MAX_EXPLAINED} at most are explained"
            raise Refused(detail, code="too_many")
        return json_answer(await self._explained(checked, call.principal, now))

    async def alert(self, call: WebCall[Nothing]) -> Answer[ExplainedAlert]:
        """The way of the alert's last sighting, if it came again now.

        Changes nothing. There are no items if all that the alert consisted of has gone to other
        alerts, as labels are ignored now that were not.
        """
        tenant, now, fingerprint = call.tenant, self._clock(), fingerprint_in(call)
        view = await self._alerts.one(call.principal, fingerprint)
        if view is None:
            raise NotFound(f"no alert {fingerprint.hex()}")
        checked = self._last_sighting(view, tenant) if view.strands else Checked()
        way = await self._explained(checked, call.principal, now)
        shown = show_alert(view, await self._silences.current(tenant, now), now)
        return json_answer(ExplainedAlert(alert=shown, items=way.items, rejected=way.rejected))

    def _last_sighting(self, view: AlertView, tenant: int) -> Checked:
        """Read as from the source that reported it, as far as that is still configured."""
        latest, found = view.strands[0], None
        for source in latest.sources:
            for discriminator in ("", source.fingerprint):
                sighting = _sighting_of(view, latest, discriminator)
                try:
                    checked = self._checker.identified(source.name, tenant, [sighting])
                except NotFound:
                    break
                if any(one.strand.hex() == latest.strand for one in checked.identities):
                    return _as_severe(checked, latest)
                found = found or checked
        if found is None:
            found = self._checker.identified("custom", tenant, [_sighting_of(view, latest, "")])
        return _as_severe(found, latest)

    async def _explained(self, checked: Checked, by: Principal, now: datetime) -> ExplainedBody:
        if self._checker.provisional:
            raise Unavailable("the installation's seed is not known yet", code="starting")
        silences = await self._silences.current(by.tenant, now)
        explanations, rejected = await explain(checked, silences, self._rehearsal, by.tenant, now)
        return ExplainedBody(
            items=[show_explanation(_as_seen(by, one), now) for one in explanations],
            rejected=[show_rejected(one) for one in rejected],
        )


def _as_seen(by: Principal, one: Explanation) -> Explanation:
    """Without a ticket that *by* does not see."""
    ticket = one.rehearsed.ticket
    if ticket is None or sees(by, ticket):
        return one
    return replace(one, rehearsed=replace(one.rehearsed, ticket=None))


def _as_severe(checked: Checked, latest: StrandView) -> Checked:
    """With the severity that the strand has, whether it was a label or said beside the labels."""
    checked.identities = [
        msgspec.structs.replace(one, severity=latest.severity) for one in checked.identities
    ]
    return checked


def _sighting_of(view: AlertView, latest: StrandView, discriminator: str) -> Sighting:
    return Sighting(
        index=0,
        firing=latest.firing,
        labels=orjson.dumps(dict(latest.labels)),
        annotations=orjson.dumps(dict(view.annotations)),
        starts_at=view.starts_at,
        ends_at=None if latest.firing else view.ends_at,
        source_fingerprint=discriminator,
        discriminator=discriminator,
    )


ENDPOINTS = (
    Endpoint(
        "POST", "/api/v1/explain", Permission.ALERTS_READ, ExplainForm, ExplainedBody,
        ExplainHandlers.body, "explainBody", ("explain",),
        {200: "One item per alert, in the body's order"}, body=SENT,
        refuses={404: NOT_FOUND, 413: OTHER},
    ),
    Endpoint(
        "GET", "/api/v1/alerts/{fingerprint}/explain", Permission.ALERTS_READ, Nothing,
        ExplainedAlert, ExplainHandlers.alert, "explainAlert", ("explain", "alerts"),
        {200: "The alert and its way"}, asks=(ALERT,),
    ),
)  # fmt: skip
