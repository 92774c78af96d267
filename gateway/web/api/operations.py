"""What operators and their tools ask: liveness, readiness and metrics."""

from collections.abc import Callable

from aiohttp import web

from gateway.web.http.answers import json_answer
from gateway.web.http.auth import Access, access

METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class OperationsHandlers:
    """`/-/healthy`, `/-/ready` and `/metrics`."""

    def __init__(self, unready: Callable[[], list[str]], metrics: Callable[[], bytes]) -> None:
        """*unready* gives reasons to send nothing here, or none; *metrics* the text format."""
        self._unready = unready
        self._metrics = metrics

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/-/healthy", self.healthy),
            web.get("/-/ready", self.ready),
            web.get("/metrics", self.metrics),
        ]

    @access(Access.PUBLIC)
    async def healthy(self, request: web.Request) -> web.Response:
        """200 while the event loop turns, whatever else is away: an outage must not kill us."""
        return web.Response(text="OK\n")

    @access(Access.PUBLIC)
    async def ready(self, request: web.Request) -> web.Response:
        """200 if what is sent here can be kept, else 503 with the reasons."""
        reasons = self._unready()
        return json_answer(
            {"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200
        )

    @access(Access.METRICS)
    async def metrics(self, request: web.Request) -> web.Response:
        """Prometheus' text format."""
        return web.Response(body=self._metrics(), headers={"Content-Type": METRICS_CONTENT_TYPE})
