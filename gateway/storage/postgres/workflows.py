"""The workflows of tenants, and whether new tickets may follow them yet."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

import asyncpg

from gateway.storage.postgres.statements import load
from gateway.tickets.fields import SHIPPED_FIELDS, Field
from gateway.workflows.book import SHIPPED, SHIPPED_WORKFLOWS, Workflows
from gateway.workflows.workflow import Workflow

SQL = load("installation")
LIFECYCLE = 12
"""The schema whose replicas know workflows: an older one would take each for the default one."""
PAUSE_SECONDS = 60.0


def shipped(tenant: int) -> Mapping[str, Workflow]:
    """Where nothing is declared."""
    return SHIPPED


def shipped_fields(tenant: int) -> Mapping[str, Field]:
    """The same of custom fields."""
    return SHIPPED_FIELDS


class TenantWorkflows:
    """Asked within transactions. *named*: what a tenant has, by name, and *fields* its custom
    fields; *alone*: there is no other replica at all, so none of a release before.
    """

    def __init__(
        self,
        close_after: timedelta | None = SHIPPED_WORKFLOWS.close_after,
        named: Callable[[int], Mapping[str, Workflow]] = shipped,
        fields: Callable[[int], Mapping[str, Field]] = shipped_fields,
        *,
        alone: bool = False,
    ) -> None:
        self._close_after = close_after
        self._named = named
        self._fields = fields
        self._finished = alone
        self._ask_at = 0.0

    def current(self, tenant: int) -> Workflows:
        """As known by now."""
        return Workflows(
            named=self._named(tenant),
            fields=self._fields(tenant),
            close_after=self._close_after,
            default_alone=not self._finished,
        )

    async def of(self, connection: asyncpg.Connection, tenant: int) -> Workflows:
        """*connection* is asked whether a rollout is finished: once a minute, until it is."""
        now = asyncio.get_running_loop().time()
        if not self._finished and now >= self._ask_at:
            self._ask_at = now + PAUSE_SECONDS
            self._finished = await connection.fetchval(SQL["finished_release"]) >= LIFECYCLE
        return self.current(tenant)
