"""Declares what the configuration wants, tenant by tenant, and says whether it still is so."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from gateway.clock import Clock
from gateway.declarations.book import Book
from gateway.declarations.declaration import Declaration
from gateway.declarations.reconcile import differs
from gateway.errors import Unavailable
from gateway.logs import get_logger
from gateway.metrics import Metrics

_logger = get_logger(__name__)


AGAIN_AFTER = timedelta(minutes=1)


class _TenantSeen(Protocol):
    """A tenant, and the version of what is declared in it."""

    @property
    def tenant(self) -> int:
        """Its id."""

    @property
    def name(self) -> str:
        """By which a configuration names it."""

    @property
    def version(self) -> int:
        """Moves with every change."""


class _Reconciled(Protocol):
    """Of one reconciling."""

    @property
    def changes(self) -> int:
        """So many names were declared, or withdrawn."""

    @property
    def newer(self) -> int | None:
        """The revision that is declared, if it is newer: then nothing was changed."""


class DeclarationStore(Protocol):
    """Raises Unavailable while the ledger is away."""

    async def reconcile(
        self, tenant: int, wanted: Sequence[Declaration], revision: int
    ) -> _Reconciled:
        """Make *wanted* be what is declared in the tenant."""

    async def book(self, tenant: int) -> Book:
        """What is declared in it now."""

    async def tenants(self) -> Sequence[_TenantSeen]:
        """All of them."""


class Declaring:
    """One turn looks at all tenants: at new ones, and at those in which something was declared.

    A tenant is reconciled once in the life of a process: what others declare afterwards stays, and
    is only said.
    """

    def __init__(
        self,
        store: DeclarationStore,
        wanted_in: Callable[[str], Sequence[Declaration]],
        revision: int,
        metrics: Metrics,
        clock: Clock,
        is_ready: Callable[[], bool],
    ) -> None:
        """*is_ready*: the schema is there, and may be used."""
        self._store = store
        self._wanted_in = wanted_in
        self._revision = revision
        self._metrics = metrics
        self._clock = clock
        self._is_ready = is_ready
        self._again_at: dict[int, datetime] = {}
        self._reconciled: set[int] = set()
        self._seen: dict[int, int] = {}
        self._differing: set[int] = set()

    async def turn(self) -> bool:
        """Never more to do. What fails is tried again a minute later."""
        if not self._is_ready():
            return False
        now = self._clock()
        for one in await self._store.tenants():
            if self._again_at.get(one.tenant, now) > now:
                continue
            try:
                await self._see_to(one)
            except Unavailable:
                raise
            except Exception:
                _logger.exception("a tenant cannot be reconciled", tenant=one.name)
                self._differing.add(one.tenant)
                self._again_at[one.tenant] = now + AGAIN_AFTER
        self._metrics.declarations_differ.set(len(self._differing))
        return False

    async def _see_to(self, one: _TenantSeen) -> None:
        wanted = self._wanted_in(one.name)
        if one.tenant not in self._reconciled:
            await self._reconcile(one, wanted)
        elif self._seen.get(one.tenant) == one.version:
            return
        book = await self._store.book(one.tenant)
        self._seen[one.tenant] = book.version
        if differs(book.declared, wanted):
            self._differing.add(one.tenant)
        else:
            self._differing.discard(one.tenant)

    async def _reconcile(self, one: _TenantSeen, wanted: Sequence[Declaration]) -> None:
        done = await self._store.reconcile(one.tenant, wanted, self._revision)
        self._reconciled.add(one.tenant)
        if done.newer is not None:
            _logger.warning(
                "a newer configuration is declared: this one changes nothing",
                tenant=one.name, revision=self._revision, declared=done.newer,
            )  # fmt: skip
        elif done.changes:
            _logger.info("declared", tenant=one.name, changes=done.changes)
