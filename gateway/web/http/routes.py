"""Endpoints with those that serve them: how a request becomes a call, and what aiohttp is given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.web.http.body import BodyReader, defer_continue
from gateway.web.http.endpoint import AnyEndpoint, Endpoint, Nothing, Unread, WebCall
from gateway.web.http.forms import decode_query

Owner = TypeVar("Owner")

Table = Mapping[Handler, AnyEndpoint]
"""Everything that is served: a handler that is not in it belongs to no path."""
_UNREAD = Unread()


@dataclass(frozen=True, slots=True)
class Served:
    """An endpoint and the object whose method serves it."""

    endpoint: AnyEndpoint
    owner: object


def served_by(owner: Owner, endpoints: Sequence[Endpoint[Owner, Any, Any]]) -> list[Served]:
    """Of one file of `web/api`: its handlers, and its table."""
    return [Served(endpoint, owner) for endpoint in endpoints]


def handlers_of(routes: Iterable[Served], bodies: BodyReader) -> Table:
    """What aiohttp calls for each endpoint: it reads the form and asks the owner."""
    return {_handler(route, bodies): route.endpoint for route in routes}


def add_routes(app: web.Application, table: Table) -> None:
    """Each with and without a trailing slash."""
    for handler, endpoint in table.items():
        for path in (endpoint.path, f"{endpoint.path}/"):
            app.router.add_route(endpoint.method, path, handler, expect_handler=defer_continue)


def _handler(route: Served, bodies: BodyReader) -> Handler:
    endpoint, owner = route.endpoint, route.owner
    form, does = endpoint.form, endpoint.does

    async def unread(request: web.Request) -> web.StreamResponse:
        return await does(owner, WebCall(request, _UNREAD))

    async def of_query(request: web.Request) -> web.StreamResponse:
        return await does(owner, WebCall(request, decode_query(request.query, form)))

    async def of_body(request: web.Request) -> web.StreamResponse:
        decode_query(request.query, Nothing)
        return await does(owner, WebCall(request, await bodies.read_json(request, form)))

    if form is Unread:
        return unread
    return of_body if endpoint.takes_body else of_query
