"""A path may name a ticket by number or key (`17`, `#17`, `OPS-17`) wherever it takes the id."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import msgspec

from gateway.access.principal import Principal
from gateway.errors import NotFound
from gateway.tickets.naming import number_in
from gateway.web.http.endpoint import WebCall
from gateway.web.http.routes import Served
from gateway.web.openapi.parameters import TICKET

FindTicket = Callable[[Principal, int], Awaitable[str | None]]
"""By its number: the ticket's id, None if the principal sees none."""
_Does = Callable[[Any, WebCall[Any]], Awaitable[Any]]


def by_any_name(served: Served, find: FindTicket) -> Served:
    """The endpoint as it is, but that its ticket may be named as people do."""
    endpoint = served.endpoint
    if TICKET not in endpoint.asks:
        return served
    return replace(served, endpoint=replace(endpoint, does=_named(endpoint.does, find)))


def _named(does: _Does, find: FindTicket) -> _Does:
    @wraps(does)
    async def with_id(owner: object, call: WebCall[Any]) -> Any:
        name = call.part(TICKET.name)
        number = number_in(name)
        if number is None:
            return await does(owner, call)
        found = await find(call.principal, number)
        if found is None:
            raise NotFound(f"no ticket {name}")
        return await does(owner, msgspec.structs.replace(call, meant={TICKET.name: found}))

    return with_id
