"""The door for alerts: bytes are bounded, checked, made durable, answered; nothing slow first."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from gateway.clock import Clock
from gateway.errors import GatewayError, Unavailable
from gateway.intake.checked import Checked, Checker, Source
from gateway.intake.journal import Journal
from gateway.intake.source import MalformedPayload, Rejected
from gateway.metrics import Metrics
from gateway.web.answers import json_answer
from gateway.web.auth import Access, access, principal_of
from gateway.web.body import BodyReader, require_json
from gateway.web.problems import HttpRefused, status_of

log = logging.getLogger(__name__)

_APPEND_SECONDS = 5.0
"""A disk slower than this is answered as overload; the record may still be applied."""


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
        """200 with what was taken and what not: one bad alert never refuses the others."""
        taken = await self._measured(request, request.match_info["source"])
        body: dict[str, object] = {
            "accepted": len(taken.checked.sightings),
            "rejected": [
                {"index": one.index, "error": one.error} for one in taken.checked.rejected
            ],
            "batch": taken.batch,
        }
        if taken.checked.truncated:
            body["truncated"] = taken.checked.truncated
        return json_answer(body)

    @access(Access.INTAKE)
    async def take_as_alertmanager(self, request: web.Request) -> web.Response:
        """As Alertmanager: 200 and nothing, or 400 for the bad ones when the others are stored."""
        try:
            taken = await self._measured(request, request.match_info.get("source", "prometheus"))
        except MalformedPayload as error:
            status = 422 if error.code == "empty_body" else 400
            raise HttpRefused(error.detail, error.code, status=status) from error
        if taken.checked.rejected:
            return json_answer(_told(taken.checked.rejected), status=400)
        return web.Response(status=200, content_type="application/json")

    async def _measured(self, request: web.Request, name: str) -> Taken:
        started = time.perf_counter()
        source = self._checker.source(name)
        code = 500
        try:
            taken = await self._take(request, source)
            code = 200
        except GatewayError as error:
            answer = _in_its_words(error, source)
            code = status_of(answer)
            raise answer from error
        finally:
            self._metrics.intake_requests_total.labels(name, str(code)).inc()
            spent = time.perf_counter() - started
            self._metrics.intake_request_duration_seconds.labels(name).observe(spent)
        self._count(name, taken.checked)
        return taken

    async def _take(self, request: web.Request, source: Source) -> Taken:
        if source.kind.json_only:
            require_json(request)
        tenant = principal_of(request).tenant
        async with self._bodies.read(request) as body:
            self._metrics.intake_body_bytes.labels(source.name).observe(len(body))
            received_at = self._clock()
            checked = self._checker.check(source, tenant, body, received_at)
            try:
                async with asyncio.timeout(_APPEND_SECONDS):
                    seq = await self._journal.append(
                        received_at, tenant, source.name, body, checked
                    )
            except TimeoutError as error:
                raise Unavailable("the journal's disk does not answer", "journal_slow") from error
        return Taken(checked, f"{self._journal.id}-{seq}")

    def _count(self, source: str, checked: Checked) -> None:
        metrics = self._metrics
        firing = sum(sighting.firing for _, sighting in checked.sightings)
        metrics.alerts_received_total.labels(source, "firing").inc(firing)
        resolved = len(checked.sightings) - firing
        metrics.alerts_received_total.labels(source, "resolved").inc(resolved)
        metrics.source_last_delivery_timestamp_seconds.labels(source).set_to_current_time()
        for rejected in checked.rejected:
            metrics.alerts_rejected_total.labels(source, rejected.reason).inc()
        if checked.truncated:
            metrics.alerts_truncated_total.labels(source).inc(checked.truncated)
            log.warning(
                "the sender left alerts out",
                extra={"source": source, "truncated": checked.truncated},
            )


def _in_its_words(error: GatewayError, source: Source) -> GatewayError:
    """Overload in the status that this sender retries."""
    if isinstance(error, Unavailable) and source.kind.overload_status != 503:
        return HttpRefused(
            error.detail,
            error.code,
            status=source.kind.overload_status,
            headers={"Retry-After": str(max(1, round(error.retry_after)))},
        )
    if isinstance(error, MalformedPayload):
        log.warning("a body was refused", extra={"source": source.name, "code": error.code})
    return error


def _told(rejected: Sequence[Rejected]) -> str:
    return "\n".join(one.error for one in rejected)
