"""The middleware for sources that sign: who signs needs no token, and who does not is refused.

It comes before all else that asks who somebody is. A body is read as it was sent, within the bounds
of all bodies, and neither decompressed nor parsed before its signature holds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.access.signatures import Flaw, GivenSignature, SignatureRefused, Signing
from gateway.clock import Clock
from gateway.web.http.body import RAW, BodyReader
from gateway.web.http.endpoint import PRINCIPAL
from gateway.web.http.gate.turned_away import AuthFailure, OnFailure, TurnedAway
from gateway.web.http.options import MIB

ALERTMANAGERS_PATH = "/api/v2/alerts"
TAKES_FOR = "prometheus"
"""The source whose alerts come there."""
_REASONS = {flaw: AuthFailure(flaw.value) for flaw in Flaw}
_CHALLENGE = 'Signature realm="alert-gateway"'

TenantNamed = Callable[[str], Awaitable[int]]
"""The id of a tenant. Raises Unavailable while it is not known."""


@dataclass(frozen=True, slots=True)
class Signers:
    """The sources that sign, by name, and what is needed to admit them."""

    sources: Mapping[str, Signing]
    bodies: BodyReader
    clock: Clock
    tenant_named: TenantNamed


def verify_signatures(signers: Signers, on_failure: OnFailure) -> Middleware:
    """Requests for sources that do not sign pass untouched."""

    @web.middleware
    async def verifying(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = source_named(request)
        signing = None if name is None else signers.sources.get(name)
        if name is None or signing is None:
            return await handler(request)
        try:
            signature = signing.read(request.headers, signers.clock())
            async with signers.bodies.read_raw(request) as raw:
                await _check(signing, signature, raw)
                tenant = await signers.tenant_named(signing.tenant)
                request[RAW] = raw
                request[PRINCIPAL] = Principal(tenant, f"source:{name}", Role.SENDER, source=name)
                return await handler(request)
        except SignatureRefused as error:
            resource = request.match_info.route.resource
            on_failure(_REASONS[error.flaw], resource.canonical if resource else "")
            raise _turned_away(error) from error

    return verifying


def source_named(request: web.Request) -> str | None:
    """For which source a request delivers; None: for none."""
    if request.path.rstrip("/") == ALERTMANAGERS_PATH and request.method == hdrs.METH_POST:
        return TAKES_FOR
    return request.match_info.get("source")


async def _check(signing: Signing, signature: GivenSignature, raw: bytes) -> None:
    """A large body must not hold up the small ones."""
    if len(raw) < MIB:
        signing.check(signature, raw)
    else:
        await asyncio.to_thread(signing.check, signature, raw)


def _turned_away(error: SignatureRefused) -> TurnedAway:
    return TurnedAway(
        error.detail,
        error.flaw.value,
        status=401,
        headers={hdrs.WWW_AUTHENTICATE: _CHALLENGE},
        reason=_REASONS[error.flaw],
    )
