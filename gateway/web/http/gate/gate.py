"""The rules of one listener: deny by default, tokens, or nobody but this machine.

Actors say how they are vouched for: `u_…` is a user, `t_…` a token of nobody; `local:anna` is a
claim by somebody on this machine, where no user has that handle, and `token:anna` one by somebody
who holds the configured token. Without `X-Actor` they are `local:anonymous` and `token:admin`.
"""

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field

from aiohttp import web

from gateway.access.callers import Callers
from gateway.access.permission import Permission, Role
from gateway.access.principal import Principal
from gateway.access.token import Presented, presented
from gateway.web.http.forwarded import Network
from gateway.web.http.gate.credentials import claimed_actor, has_token_of_ours, token_in
from gateway.web.http.gate.local import check_local, is_local
from gateway.web.http.gate.turned_away import with_bad_credentials

DEFAULT_TENANT = 1
_WITHOUT_PEOPLE = (None, Permission.INTAKE, Permission.DESCRIPTION_READ)
"""Nothing is written under a person's name there, and PostgreSQL may be away."""


class NobodyKnown:
    """Callers of a gate that knows no tokens but the configured one."""

    async def of_token(self, presented: Presented) -> Principal | None:
        """See `Callers`."""
        return None

    async def of_handle(self, tenant: int, handle: str) -> Principal | None:
        """See `Callers`."""
        return None


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may pass, and as whom."""

    token: str = field(repr=False)
    """The configured one; empty: there is none."""
    loopback: bool
    tenant: int = DEFAULT_TENANT
    """Of whoever is here, and of who holds the configured token."""
    proxies: Collection[Network] = ()
    """Those that are believed when they say whom they serve."""
    required: bool = False
    """Everybody must say who they are, also here."""
    callers: Callers = field(default_factory=NobodyKnown)

    def __post_init__(self) -> None:
        if not self.token and not self.required and not self.loopback:
            raise ValueError("a listener that others can reach needs a token, or to require one")

    async def admit(self, request: web.Request, permission: Permission | None) -> Principal | None:
        """None where nobody is asked who they are: probes, and metrics for this machine.

        *permission* is None for a path that does not exist. Raises TurnedAway, Forbidden for what
        the principal may nowhere do, Refused for a bad X-Actor, or Unavailable while it cannot be
        known who they are.
        """
        if permission is Permission.PROBE:
            return None
        here = self.loopback and is_local(request, self.proxies)
        if permission is Permission.METRICS_READ and here:
            return None
        principal = await self._principal_of(request, permission)
        if permission is not None:
            principal.check_anywhere(permission)
        return principal

    async def _principal_of(self, request: web.Request, permission: Permission | None) -> Principal:
        if self.token or self.required:
            return await self._of_token(request)
        check_local(request, self.proxies)
        if has_token_of_ours(request):
            return await self._of_token(request)
        return await self._local(request, permission)

    async def _of_token(self, request: web.Request) -> Principal:
        given = token_in(request)
        if self.token and hmac.compare_digest(given, self.token.encode()):
            actor = f"token:{claimed_actor(request) or 'admin'}"
            return Principal(self.tenant, actor, Role.ADMIN)
        shown = presented(given.decode("ascii", "replace"))
        found = None if shown is None else await self.callers.of_token(shown)
        if found is None:
            raise with_bad_credentials()
        return found

    async def _local(self, request: web.Request, permission: Permission | None) -> Principal:
        claimed = claimed_actor(request)
        if claimed is not None and permission not in _WITHOUT_PEOPLE:
            user = await self.callers.of_handle(self.tenant, claimed)
            if user is not None:
                return user
        return Principal(self.tenant, f"local:{claimed or 'anonymous'}", Role.ADMIN)
