"""What operators and their tools ask: liveness, readiness and metrics."""

from collections.abc import Callable

from gateway.access.permission import Permission
from gateway.web.http.answers import Answer, json_answer, text_answer
from gateway.web.http.endpoint import Endpoint, Unread, WebCall, with_head
from gateway.web.views.operations import Readiness

METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class OperationsHandlers:
    """`/-/healthy`, `/-/ready` and `/metrics`."""

    def __init__(self, unready: Callable[[], list[str]], metrics: Callable[[], bytes]) -> None:
        """*unready* gives reasons to send nothing here, or none; *metrics* the text format."""
        self._unready = unready
        self._metrics = metrics

    async def healthy(self, call: WebCall[Unread]) -> Answer[str]:
        """The event loop turns.

        200 with `OK` and a line feed, whatever else is away: an outage must not kill the gateway.
        """
        return text_answer(b"OK\n", "text/plain; charset=utf-8")

    async def ready(self, call: WebCall[Unread]) -> Answer[Readiness]:
        """What is sent here can be kept.

        Not before the installation's seed is known, at the first start on an empty `data_dir`,
        unless PostgreSQL is away; nor while draining, nor when the journal is full or its disk
        fails.
        """
        reasons = self._unready()
        return json_answer(
            Readiness(ready=not reasons, reasons=reasons), status=503 if reasons else 200
        )

    async def metrics(self, call: WebCall[Unread]) -> Answer[str]:
        """Metrics of all processes.

        In Prometheus' text format. Open to this machine if the listener is a loopback one; else the
        token is needed.
        """
        return text_answer(self._metrics(), METRICS_CONTENT_TYPE)


ENDPOINTS = (
    *with_head(
        Endpoint(
            "GET", "/-/healthy", Permission.PROBE, Unread, str, OperationsHandlers.healthy,
            "getHealth", ("operations",), {200: "Whatever else is away"}, media="text/plain",
        )
    ),
    *with_head(
        Endpoint(
            "GET", "/-/ready", Permission.PROBE, Unread, Readiness, OperationsHandlers.ready,
            "getReadiness", ("operations",),
            {
                200: "It can",
                503: "It cannot, for the reasons given: the gateway stops, the journal is full or"
                " cannot be written, or the pipeline has made no progress for a minute although"
                " the database is there.",
            },
        )
    ),
    *with_head(
        Endpoint(
            "GET", "/metrics", Permission.METRICS_READ, Unread, str, OperationsHandlers.metrics,
            "getMetrics", ("operations",), {200: "Prometheus' text format"}, media="text/plain",
        )
    ),
)  # fmt: skip
