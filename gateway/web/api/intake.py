"""The door for alerts: bytes are bounded, checked, made durable, answered; nothing slow first."""

import logging
import time
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from gateway.clock import Clock
from gateway.errors import GatewayError, Refused, Unavailable
from gateway.intake.delivery.checker import Checked, Checker, Source
from gateway.intake.delivery.source import MalformedPayload
from gateway.intake.journal import Journal
from gateway.metrics import Metrics
from gateway.web.api.intake_counts import SourceCounts
from gateway.web.http.answers import json_answer
from gateway.web.http.auth import Access, access, principal_of
from gateway.web.http.body import BodyReader, require_json
from gateway.web.http.problems import HttpRefused, error_answer, speaks_alertmanager, status_of
from gateway.web.http.refusals import RefusalLog

log = logging.getLogger(__name__)

TOLD = 100
"""Refused alerts that an answer names; all of them are kept as dead letters."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A body that is durable."""

    checked: Checked
    batch: str
    """Found again in logs and dead letters."""


class IntakeHandlers:
    """`/api/v1/intake/{source}`, and what Prometheus expects of an Alertmanager."""

    def __init__(
        self,
        checker: Checker,
        journal: Journal,
        bodies: BodyReader,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._checker = checker
        self._journal = journal
        self._bodies = bodies
        self._clock = clock
        self._metrics = metrics
        self._counts: dict[str, SourceCounts] = {}
        self._refused_bodies = RefusalLog(log, "a body was refused")
        self._refused_alerts = RefusalLog(log, "alerts were refused and kept as dead letters")

    def routes(self) -> Sequence[web.RouteDef]:
        """Grafana may send PUT; Prometheus appends its own path to a `path_prefix`."""
        return [
            web.post("/api/v1/intake/{source}", self.take),
            web.put("/api/v1/intake/{source}", self.take),
            web.post("/api/v1/intake/{source}/api/v2/alerts", self.take_as_alertmanager),
            web.post("/api/v2/alerts", self.take_as_alertmanager),
        ]

    @access(Access.INTAKE)
    async def take(self, request: web.Request) -> web.Response:
        """200 with what was taken and what not: one bad alert never refuses the others. 400 if
        nothing was taken, after all of it is kept as dead letters.
        """
        return await self._measured(request, request.match_info["source"], _counted)

    @access(Access.INTAKE)
    async def take_as_alertmanager(self, request: web.Request) -> web.Response:
        """As Alertmanager: 200 and nothing, or 400 for the bad ones when the others are stored."""
        name = request.match_info.get("source", "prometheus")
        return await self._measured(request, name, _as_alertmanager)

    async def _measured(
        self, request: web.Request, name: str, answer: Callable[[Taken], web.Response]
    ) -> web.Response:
        started = time.perf_counter()
        source = self._checker.source(name)
        counts, code = self._counts_of(source), 500
        try:
            taken = await self._take(request, source, counts)
            told = answer(taken)
            code = told.status
        except GatewayError as error:
            if isinstance(error, MalformedPayload):
                self._refused_bodies.refused({"source": name, "code": error.code})
            refusal = _in_its_words(error, source, request.path)
            code = status_of(refusal)
            raise refusal from error
        finally:
            counts.answered(code, time.perf_counter() - started)
        counts.taken(taken.checked)
        self._tell_refused(name, taken)
        return told

    def _tell_refused(self, source: str, taken: Taken) -> None:
        """Once a reason, with the last alert of each."""
        last = {one.reason: one for one in taken.checked.rejected}
        counts = Tally(one.reason for one in taken.checked.rejected)
        for reason, one in last.items():
            self._refused_alerts.refused(
                {"source": source, "reason": reason},
                counts[reason],
                error=one.error,
                batch=taken.batch,
            )

    def _counts_of(self, source: Source) -> SourceCounts:
        counts = self._counts.get(source.name)
        if counts is None:
            counts = self._counts[source.name] = SourceCounts(self._metrics, source.name)
        return counts

    async def _take(self, request: web.Request, source: Source, counts: SourceCounts) -> Taken:
        if source.kind.json_only:
            require_json(request)
        tenant = principal_of(request).tenant
        async with self._bodies.read(request) as body:
            counts.body_bytes.observe(len(body))
            received_at = self._clock()
            checked = await self._checker.read(source, tenant, body, received_at)
            seq = await self._journal.append(
                received_at, tenant, source.name, body, checked, len(checked.sightings)
            )
        return Taken(checked, f"{self._journal.id}-{seq}")


def _counted(taken: Taken) -> web.Response:
    rejected = taken.checked.rejected
    body: dict[str, object] = {
        "accepted": len(taken.checked.sightings),
        "rejected": [{"index": one.index, "error": one.error} for one in rejected[:TOLD]],
        "batch": taken.batch,
    }
    if len(rejected) > TOLD:
        body["more_rejected"] = len(rejected) - TOLD
    if taken.checked.truncated:
        body["truncated"] = taken.checked.truncated
    if taken.checked.rejected and not taken.checked.sightings:
        return error_answer(Refused("every alert was refused", "all_refused", extra=body), "")
    return json_answer(body)


def _as_alertmanager(taken: Taken) -> web.Response:
    if taken.checked.rejected:
        told = [one.error for one in taken.checked.rejected[:TOLD]]
        if left_out := len(taken.checked.rejected) - len(told):
            told.append(f"and {left_out} more")
        return json_answer("\n".join(told), status=400)
    return web.Response(status=200, content_type="application/json")


def _in_its_words(error: GatewayError, source: Source, path: str) -> GatewayError:
    """Overload in the status that this sender retries; a bad body as Alertmanager would say it."""
    if isinstance(error, Unavailable) and source.kind.overload_status != 503:
        return HttpRefused(
            error.detail,
            error.code,
            status=source.kind.overload_status,
            headers={"Retry-After": str(max(1, round(error.retry_after)))},
        )
    if isinstance(error, MalformedPayload) and speaks_alertmanager(path):
        status = 422 if error.code == "empty_body" else 400
        return HttpRefused(error.detail, error.code, status=status)
    return error
