"""Explain: why an alert has the ticket it has, or none. Changes nothing."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import orjson
from aiohttp import web

from gateway.alerts.sighting import Sighting
from gateway.alerts.view import AlertReader, AlertView, StrandView
from gateway.clock import Clock
from gateway.errors import NotFound, Refused, Unavailable
from gateway.intake.checked import Checked, Checker
from gateway.intake.explain import Explanation, NearMiss, Rehearsal, explain
from gateway.silences.store import SilenceStore
from gateway.web import views
from gateway.web.api.tickets import fingerprint_in
from gateway.web.http.answers import json_answer
from gateway.web.http.auth import Access, access, principal_of
from gateway.web.http.body import BodyReader
from gateway.web.http.options import MIB
from gateway.web.http.paging import query_parameters

MAX_EXPLAINED = 100
"""Alerts of one body: each is applied in a transaction, and its whole way is written out."""
MAX_EXPLAINED_BYTES = MIB


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

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.post("/api/v1/explain", self.body),
            web.get("/api/v1/alerts/{fingerprint}/explain", self.alert, allow_head=False),
        ]

    @access(Access.INTAKE)
    async def body(self, request: web.Request) -> web.Response:
        """The intake's bytes, for the source named in `?source=`."""
        name = query_parameters(request, ("source",)).one("source") or "custom"
        source = self._checker.source(name)
        tenant, now = principal_of(request).tenant, self._clock()
        async with self._bodies.read(request, MAX_EXPLAINED_BYTES) as body:
            checked = await self._checker.read(source, tenant, body, now)
        found = len(checked.sightings) + len(checked.rejected)
        if found > MAX_EXPLAINED:
            detail = f"{found} alerts in one body; {MAX_EXPLAINED} at most are explained"
            raise Refused(detail, code="too_many")
        return json_answer(await self._explained(checked, tenant, now))

    async def alert(self, request: web.Request) -> web.Response:
        """The last sighting of an alert, as if it came again now; nothing if all its strands have
        gone to other alerts.
        """
        query_parameters(request, ())
        tenant, now = principal_of(request).tenant, self._clock()
        fingerprint = fingerprint_in(request)
        view = await self._alerts.one(tenant, fingerprint)
        if view is None:
            raise NotFound(f"no alert {fingerprint.hex()}")
        checked = self._last_sighting(view, tenant) if view.strands else Checked()
        answer = await self._explained(checked, tenant, now)
        silences = await self._silences.current(tenant, now)
        return json_answer({"alert": views.alert(view, silences, now), **answer})

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

    async def _explained(self, checked: Checked, tenant: int, now: datetime) -> dict[str, object]:
        if self._checker.provisional:
            raise Unavailable("the installation's seed is not known yet", code="starting")
        silences = await self._silences.current(tenant, now)
        explanations, rejected = await explain(checked, silences, self._rehearsal, tenant, now)
        return {
            "items": [_presented(one, now) for one in explanations],
            "rejected": [{"index": one.index, "error": one.error} for one in rejected],
        }


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


def _presented(one: Explanation, now: datetime) -> dict[str, object]:
    identity, ticket = one.identity, one.rehearsed.ticket
    rule = identity.rule
    return {
        "index": one.index,
        "status": "firing" if one.firing else "resolved",
        "labels": one.labels,
        "severity": identity.severity,
        "strand": identity.strand.hex(),
        "fingerprint": identity.fingerprint.hex(),
        "rule": {
            "name": rule.name,
            "match": views.matchers(rule.matchers),
            "window_seconds": rule.window.total_seconds(),
            "group_by": rule.group_by,
        },
        "merge_key": identity.merge_key.hex(),
        "silenced_by": [views.silence(silence, now) for silence in one.silenced_by],
        "nearest_silences": [_missed(miss, now) for miss in one.near_misses],
        "outcome": one.rehearsed.outcome,
        "quiet_until": one.rehearsed.quiet_until,
        "ticket": None
        if ticket is None
        else {
            "id": None if one.rehearsed.opened else ticket.id,
            "new": one.rehearsed.opened,
            "title": ticket.title,
            "status": ticket.status,
            "priority": ticket.priority,
        },
    }


def _missed(miss: NearMiss, now: datetime) -> dict[str, object]:
    return {
        "silence": views.silence(miss.silence, now),
        "failed": [str(matcher) for matcher in miss.failed],
    }
