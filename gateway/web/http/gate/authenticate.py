"""The middleware that every request passes, also one for a path that does not exist."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.errors import GatewayError, Unavailable
from gateway.web.http.body import require_json
from gateway.web.http.endpoint import PRINCIPAL
from gateway.web.http.gate.gate import Gate
from gateway.web.http.gate.turned_away import OnFailure, TurnedAway
from gateway.web.http.routes import Table

_OPEN = (Permission.PROBE, Permission.METRICS_READ)
"""Their bodies are nobody's business either."""

PutOff = Callable[[web.Request, Unavailable], GatewayError]
"""What a sender hears that cannot be known just now, so that it comes again."""


def as_it_is(request: web.Request, error: Unavailable) -> GatewayError:
    """503, for all senders."""
    return error


@dataclass(frozen=True, slots=True)
class Guard:
    """A gate, and what is to be done about those who do not pass it."""

    gate: Gate
    on_failure: OnFailure
    put_off: PutOff = as_it_is


def authenticate(guard: Guard, table: Table) -> Middleware:
    """A route that stands in no table of endpoints is no path at all."""

    @web.middleware
    async def authenticating(request: web.Request, handler: Handler) -> web.StreamResponse:
        match = request.match_info
        endpoint = table.get(match.handler)
        permission = None if endpoint is None else endpoint.permission
        try:
            principal = _signed(request, permission)
            if principal is None:
                principal = await guard.gate.admit(request, permission)
        except TurnedAway as error:
            resource = match.route.resource
            guard.on_failure(error.reason, resource.canonical if resource else "")
            raise
        except Unavailable as error:
            if permission is not Permission.INTAKE:
                raise
            raise guard.put_off(request, error) from error
        if endpoint is None:
            raise match.http_exception or web.HTTPNotFound()
        if principal is not None:
            request[PRINCIPAL] = principal
        if not endpoint.takes_anything and permission not in _OPEN and request.body_exists:
            require_json(request)
        return await handler(request)

    return authenticating


def _signed(request: web.Request, permission: Permission | None) -> Principal | None:
    """Whoever was admitted by a signature already: see `gateway/web/signatures`."""
    principal = request.get(PRINCIPAL)
    if principal is not None and permission is not None:
        principal.check(permission)
    return principal
