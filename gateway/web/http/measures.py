"""Counts and times of all requests but intake's, which has metrics of its own."""

import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.access.permission import Permission
from gateway.web.http.routes import Table

OnAnswer = Callable[[str, str, int, float], None]
"""`on_answer(route, method, status, seconds)`; *route* is the template, never the raw path."""


def measure(table: Table, on_answer: OnAnswer) -> Middleware:
    """The outermost middleware: it sees the answers that errors became."""

    @web.middleware
    async def measuring(request: web.Request, handler: Handler) -> web.StreamResponse:
        endpoint = table.get(request.match_info.handler)
        if endpoint is not None and endpoint.permission is Permission.INTAKE:
            return await handler(request)
        started = time.perf_counter()
        answer = await handler(request)
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "none"
        on_answer(route, request.method, answer.status, time.perf_counter() - started)
        return answer

    return measuring
