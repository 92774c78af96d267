"""The door for alerts: bytes are bounded, checked, made durable, answered; nothing slow first."""

import time
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from msgspec import UNSET, structs

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.clock import Clock
from gateway.errors import Forbidden, GatewayError, Refused, Unavailable
from gateway.intake.delivery.checker import Checked, Checker, Source
from gateway.intake.delivery.source import MalformedPayload
from gateway.intake.journal import Journal
from gateway.logs import get_logger
from gateway.metrics import Metrics
from gateway.web.api.intake_counts import SourceCounts
from gateway.web.http.answers import Answer, Refusing, empty_answer, json_answer, json_refusal
from gateway.web.http.body import BodyReader, require_json
from gateway.web.http.endpoint import Endpoint, Unread, WebCall
from gateway.web.http.problems import HttpRefused, error_answer, speaks_alertmanager, status_of
from gateway.web.http.refusals import RefusalLog
from gateway.web.openapi import refusals
from gateway.web.openapi.parameters import SOURCE
from gateway.web.openapi.sent import ALERTS, SENT
from gateway.web.views.intake import TOLD, Taken, show_rejected

_logger = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Durable:
    """A body that is on disk."""

    checked: Checked
    batch: str
    """Found again in logs and dead letters."""


Told = TypeVar("Told")


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
        self._refused_bodies = RefusalLog(_logger, "a body was refused")
        self._refused_alerts = RefusalLog(_logger, "alerts were refused and kept as dead letters")

    async def take(self, call: WebCall[Unread]) -> Answer[Taken] | Refusing:
        """Alerts, in the shape that the source's kind sends.

        Answered with 200 when everything accepted is on disk. One bad alert never refuses the
        others: it is named in `rejected` and kept as a dead letter with its `batch`. A body of
        which nothing is accepted is kept like that and answered with 400 (`all_refused`). Only a
        body that cannot be read at all is refused whole and not kept: malformed JSON or UTF-8, more
        than 32 levels deep, more than 100,000 alerts (for a mapping: more than about 200,000
        values), or of another outer shape. A byte order mark is skipped, a lone surrogate becomes
        U+FFFD, of equal JSON keys the last one counts, and no alerts (also `null`) are fine. Times
        are held between a year ago and ten minutes ahead, and an end is never before its start.
        Labels are text, 128 at most, names of 256 bytes at most, 64 KiB in all; `Accept` and
        unknown query parameters are not looked at. `Content-Type` must be JSON but for Nightingale,
        which may leave it out. Overload is 503, to Nightingale 429: what each sender repeats.
        """
        return await self._measured(call, call.part("source"), _counted)

    async def take_put(self, call: WebCall[Unread]) -> Answer[Taken] | Refusing:
        """As POST, for Grafana contact points that are set to PUT."""
        return await self.take(call)

    async def take_behind_prefix(self, call: WebCall[Unread]) -> Answer[None] | Refusing:
        """What Prometheus posts when `path_prefix` is `/api/v1/intake/NAME`.

        As Alertmanager answers: 200 and an empty body, or 400 and a JSON string with one line per
        bad alert, after the others are stored. Where Alertmanager's framework speaks (405, 413,
        415, 422 for no body, 400 for a body that cannot be read) it is `{"code", "message"}`.
        Unlike Alertmanager: `[null]` is a bad alert like another, an alert without labels or with
        labels that are not strings does not refuse its batch, a link may be anything, an empty time
        means that none is given, gzip is decoded, and `Accept` is not looked at.
        """
        return await self._measured(call, call.part("source"), _as_alertmanager)

    async def take_as_alertmanager(self, call: WebCall[Unread]) -> Answer[None] | Refusing:
        """What Prometheus posts to an Alertmanager.

        As behind a prefix, for the source `prometheus`.
        """
        return await self._measured(call, "prometheus", _as_alertmanager)

    async def _measured(
        self, call: WebCall[Unread], name: str, answer: Callable[[Durable], Answer[Told] | Refusing]
    ) -> Answer[Told] | Refusing:
        started = time.perf_counter()
        _check_source(call.principal, name)
        source = self._checker.source(name)
        counts, code = self._counts_of(source), 500
        try:
            taken = await self._take(call, source, counts)
            told = answer(taken)
            code = told.status
        except GatewayError as error:
            if isinstance(error, MalformedPayload):
                self._refused_bodies.refused({"source": name, "code": error.code})
            refusal = in_its_words(error, source, call.request.path)
            code = status_of(refusal)
            raise refusal from error
        finally:
            counts.answered(code, time.perf_counter() - started)
        counts.taken(taken.checked)
        self._tell_refused(name, taken)
        return told

    def _tell_refused(self, source: str, taken: Durable) -> None:
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

    async def _take(self, call: WebCall[Unread], source: Source, counts: SourceCounts) -> Durable:
        request, tenant = call.request, call.tenant
        if source.kind.json_only:
            require_json(request)
        async with self._bodies.read(request) as body:
            counts.body_bytes.observe(len(body))
            received_at = self._clock()
            checked = await self._checker.read(source, tenant, body, received_at)
            seq = await self._journal.append(
                received_at, tenant, source.name, body, checked, len(checked.sightings)
            )
        return Durable(checked, f"{self._journal.id}-{seq}")


def _check_source(principal: Principal, name: str) -> None:
    """Before it is said whether there is such a source."""
    if principal.source and principal.source != name:
        raise Forbidden(
            f"this token delivers for the source {principal.source} alone", code="foreign_source"
        )


def _counted(taken: Durable) -> Answer[Taken] | Refusing:
    checked = taken.checked
    told = Taken(
        accepted=len(checked.sightings),
        rejected=[show_rejected(one) for one in checked.rejected[:TOLD]],
        batch=taken.batch,
        more_rejected=max(0, len(checked.rejected) - TOLD) or UNSET,
        truncated=checked.truncated or UNSET,
    )
    if checked.rejected and not checked.sightings:
        refusal = Refused("every alert was refused", "all_refused", extra=structs.asdict(told))
        return error_answer(refusal, "")
    return json_answer(told)


def _as_alertmanager(taken: Durable) -> Answer[None] | Refusing:
    if taken.checked.rejected:
        told = [one.error for one in taken.checked.rejected[:TOLD]]
        if left_out := len(taken.checked.rejected) - len(told):
            told.append(f"and {left_out} more")
        return json_refusal("\n".join(told), status=400)
    return empty_answer(200, "application/json")


def in_its_words(error: GatewayError, source: Source, path: str) -> GatewayError:
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


_TAKEN = {
    400: refusals.BAD_BODY,
    503: refusals.OVERLOAD,
}
_STORED = {
    400: refusals.BAD_ALERTS,
    503: refusals.ALERTMANAGER_OVERLOAD,
}

ENDPOINTS = (
    Endpoint(
        "POST", "/api/v1/intake/{source}", Permission.INTAKE, Unread, Taken, IntakeHandlers.take,
        "takeIn", ("intake",), {200: "Taken in"}, asks=(SOURCE,), body=SENT,
        refuses={
            **_TAKEN,
            408: refusals.OTHER,
            413: refusals.OTHER,
            415: refusals.OTHER,
            429: refusals.OVERLOAD,
        },
    ),
    Endpoint(
        "PUT", "/api/v1/intake/{source}", Permission.INTAKE, Unread, Taken,
        IntakeHandlers.take_put, "takeInByPut", ("intake",), {200: "Taken in"}, asks=(SOURCE,),
        body=SENT, refuses=_TAKEN,
    ),
    Endpoint(
        "POST", "/api/v1/intake/{source}/api/v2/alerts", Permission.INTAKE, Unread, type(None),
        IntakeHandlers.take_behind_prefix, "takeInBehindPrefix", ("intake",),
        {200: "Stored; the body is empty"}, asks=(SOURCE,), body=ALERTS,
        refuses={**_STORED, 404: refusals.NO_SUCH_SOURCE}, otherwise=refusals.FRAMEWORK,
    ),
    Endpoint(
        "POST", "/api/v2/alerts", Permission.INTAKE, Unread, type(None),
        IntakeHandlers.take_as_alertmanager, "takeInAsAlertmanager", ("intake",),
        {200: "Stored; the body is empty"}, body=ALERTS, refuses=_STORED,
        otherwise=refusals.FRAMEWORK,
    ),
)  # fmt: skip
