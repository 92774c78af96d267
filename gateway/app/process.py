"""The composition root: a process is made here of its parts and roles, and closed in reverse.

On the way down: stop accepting, finish requests, drain the pipeline, stop workers, close the
journal (what could not be drained stays in it), let go of PostgreSQL.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from gateway.app.parts import Parts, open_parts
from gateway.app.routing import routes_for
from gateway.app.work import open_workers
from gateway.clock import Clock, system_clock
from gateway.config import Config
from gateway.intake.delivery.checker import Checked
from gateway.intake.queue import RecordQueue
from gateway.intake.run import IntakeRun
from gateway.logs import get_logger
from gateway.metrics import Metrics, render
from gateway.roles import EVERY_ROLE, ProcessRole
from gateway.storage.journal.journal import SegmentJournal, open_journal
from gateway.web.http.auth import AuthFailure, Gate
from gateway.web.http.body import BodyReader
from gateway.web.http.forwarded import read_network
from gateway.web.http.measures import OnAnswer
from gateway.web.http.refusals import RefusalLog
from gateway.web.http.server import WebServer, create_web_app, run_server
from gateway.workers.gauges import Gauges
from gateway.workers.supervisor import Supervisor, Turn, Worker

_logger = get_logger(__name__)

NEARLY_FULL = 0.95
"""Of the journal's bound: from here on alerts had better go elsewhere."""
HOPELESS_SECONDS = 1.0
"""A pipeline whose last try failed has no longer than this to drain the journal."""


@dataclass(slots=True)
class Intake:
    """What a process of the role `intake` has besides."""

    journal: SegmentJournal[Checked]
    run: IntakeRun
    gauges: Gauges


@dataclass(slots=True)
class Gateway:
    """A running gateway process. *run* is None in one that takes nothing in."""

    server: WebServer
    run: IntakeRun | None
    metrics: Metrics
    draining: bool = False

    def begin_drain(self) -> None:
        """Readiness says no, and answers close their connections."""
        self.draining = True
        self.server.drain()


@asynccontextmanager
async def open_gateway(
    config: Config,
    postgres_url: str,
    *,
    may_migrate: bool,
    roles: frozenset[ProcessRole] = EVERY_ROLE,
    revive: Callable[[], Awaitable[None]] | None = None,
    clock: Clock = system_clock,
) -> AsyncIterator[Gateway]:
    """A whole gateway process, listening. Takes alerts in whether PostgreSQL is there or not.

    *revive* starts a private PostgreSQL again when it is gone.
    """
    async with AsyncExitStack() as stack:
        parts = await open_parts(stack, config, postgres_url, may_migrate, clock)
        intake = await _open_intake(stack, parts) if ProcessRole.INTAKE in roles else None
        workers = [*parts.redis_workers, *_first_workers(parts, intake)]
        if ProcessRole.WORK in roles:
            workers += await open_workers(stack, parts, postgres_url)
        if revive is not None:
            workers.append(Worker("private postgres", _turn_of(revive), 1.0))
        grace = config.shutdown.grace
        supervisor = Supervisor(workers, parts.metrics, grace_seconds=5.0)
        await stack.enter_async_context(supervisor)
        if intake is not None:
            stack.push_async_callback(_drain, intake.run, grace)
        gateways: list[Gateway] = []
        bodies = BodyReader(config.http)
        app = create_web_app(
            routes_for(
                parts,
                roles,
                bodies,
                None if intake is None else intake.journal,
                lambda: _unready(parts, intake, gateways),
                lambda: _scraped(parts, intake),
            ),
            bodies,
            config.http,
            _gate(config),
            _count_failure(parts.metrics),
            _count_answer(parts.metrics),
        )
        server = await stack.enter_async_context(run_server(app, config.http, grace))
        gateway = Gateway(server, None if intake is None else intake.run, parts.metrics)
        gateways.append(gateway)
        yield gateway
        gateway.begin_drain()


async def _open_intake(stack: AsyncExitStack, parts: Parts) -> Intake:
    config, clock = parts.config, parts.clock
    waiting = RecordQueue(lambda after, most: journal.read(after, most), parts.pipeline.check)
    journal = await stack.enter_async_context(
        open_journal(config.data_dir / "journal", config.journal, waiting.committed)
    )
    run = IntakeRun(parts.pipeline, journal, waiting, parts.preparation.prepare)
    gauges = Gauges(
        parts.metrics,
        journal,
        lambda: (parts.identities.cache.misses, parts.identities.cache.held_bytes),
        lambda: run.reaches_ledger,
        lambda: run.progress.made_at,
        lambda: parts.book.states(clock()),
    )
    return Intake(journal, run, gauges)


def _first_workers(parts: Parts, intake: Intake | None) -> list[Worker]:
    """The pipeline; without one, what it would have begun with must be done all the same."""
    if intake is None:
        return [Worker("preparation", _once(parts.preparation.prepare), 60.0)]
    return [
        Worker("intake", intake.run.turn, 1.0),
        Worker("gauges", intake.gauges.turn, 1.0),
    ]


def _scraped(parts: Parts, intake: Intake | None) -> bytes:
    if intake is not None:
        intake.gauges.refresh()
    return render(parts.metrics)


def _turn_of(revive: Callable[[], Awaitable[None]]) -> Turn:
    async def turn() -> bool:
        await revive()
        return False

    return turn


def _once(prepare: Callable[[], Awaitable[None]]) -> Turn:
    done: list[bool] = []

    async def turn() -> bool:
        if not done:
            await prepare()
            done.append(True)
        return False

    return turn


def _unready(parts: Parts, intake: Intake | None, gateways: list[Gateway]) -> list[str]:
    reasons = []
    if not gateways or gateways[0].draining:
        reasons.append("draining")
    if parts.checker.provisional and not parts.preparation.away:
        reasons.append("the installation's seed is not known yet: PostgreSQL is being asked for it")
    if intake is not None:
        journal, most = intake.journal, parts.config.journal.max_bytes
        if journal.unapplied_bytes > NEARLY_FULL * most or not journal.writable:
            reasons.append("the journal cannot take more: its bound is reached or its disk fails")
        if intake.run.progress.stalled:
            reasons.append("the pipeline makes no progress: what is taken waits; the log says why")
    return reasons


def _gate(config: Config) -> Gate:
    http = config.http
    return Gate(
        token=config.auth.token,
        loopback=http.listen.is_loopback,
        proxies=tuple(map(read_network, http.trusted_proxies)),
    )


def _count_failure(metrics: Metrics) -> Callable[[AuthFailure, str], None]:
    refusals = RefusalLog(_logger, "a request was turned away")

    def count(reason: AuthFailure, route: str) -> None:
        metrics.authentication_failures_total.inc()
        refusals.refused({"reason": reason.value, "route": route})

    return count


def _count_answer(metrics: Metrics) -> OnAnswer:
    def count(route: str, method: str, status: int, seconds: float) -> None:
        metrics.http_requests_total.labels(route, method, str(status)).inc()
        metrics.http_request_duration_seconds.labels(route).observe(seconds)

    return count


async def _drain(run: IntakeRun, grace: timedelta) -> None:
    """Everything taken in goes to the ledger, while that gets on: else the journal keeps it."""
    run.waiting.close()
    loop = asyncio.get_running_loop()
    until = loop.time() + (grace.total_seconds() if run.prepared else HOPELESS_SECONDS)
    while (left := until - loop.time()) > 0:
        with suppress(TimeoutError):
            async with asyncio.timeout(min(left, HOPELESS_SECONDS)):
                await run.finished.wait()
                return
        if run.progress.failing:
            break
    _logger.warning("not everything could be drained; the journal keeps it")
