"""The composition root: everything is made here, in one straight line, and closed in reverse.

On the way down: stop accepting, finish requests, drain the pipeline, stop workers, close the
journal (what could not be drained stays in it), let go of PostgreSQL.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry

from gateway.alerts.identity import Identifier, IdentityCache
from gateway.alerts.rule import DEFAULT_RULE, Rule
from gateway.clock import Clock, system_clock
from gateway.config import Config
from gateway.intake.absorber import Absorber, NothingHeld
from gateway.intake.announce import Route
from gateway.intake.checked import Checker
from gateway.intake.observed import Observer
from gateway.intake.pipeline import Pipeline
from gateway.intake.run import IntakeRun
from gateway.intake.waiting import Waiting
from gateway.metrics import Metrics, render
from gateway.outbox.outbox import Outbox
from gateway.silences.book import SilenceBook
from gateway.sinks.webhook import WebhookSink, open_session
from gateway.storage.journal.journal import SegmentJournal, open_journal
from gateway.storage.postgres.alert_queries import AlertQueries
from gateway.storage.postgres.connect import PIPELINE, WORKERS, connect, create_engine
from gateway.storage.postgres.database import Database
from gateway.storage.postgres.ledger import PostgresLedger
from gateway.storage.postgres.outbox import PostgresOutbox
from gateway.storage.postgres.preparation import Preparation, SeedFile
from gateway.storage.postgres.rehearsal import PostgresRehearsal
from gateway.storage.postgres.silences import PostgresSilences
from gateway.storage.postgres.ticket_queries import TicketQueries
from gateway.storage.postgres.tickets import PostgresTickets
from gateway.storage.postgres.upkeep import PostgresUpkeep
from gateway.storage.redis.absorber import AbsorberTimes
from gateway.storage.redis.inspection import Inspection
from gateway.storage.redis.opening import open_absorber
from gateway.tickets.change import Event
from gateway.web.alerts import AlertHandlers
from gateway.web.auth import AuthFailure, Gate
from gateway.web.body import BodyReader
from gateway.web.description import DescriptionHandlers
from gateway.web.explain import ExplainHandlers
from gateway.web.intake import IntakeHandlers
from gateway.web.measured import OnAnswer
from gateway.web.operations import OperationsHandlers
from gateway.web.server import Handlers, WebServer, create_web_app, run_server
from gateway.web.silences import SilenceHandlers
from gateway.web.tickets import TicketHandlers
from gateway.windows.decide import Outcome
from gateway.workers.closing import Closing
from gateway.workers.flush import Flush
from gateway.workers.gauges import Gauges
from gateway.workers.leases import LeaseClock
from gateway.workers.outbox_upkeep import OutboxUpkeep
from gateway.workers.quiets import QuietClock, SilenceClock
from gateway.workers.relay import OutboxRelay
from gateway.workers.retention import Retention
from gateway.workers.supervisor import Supervisor, Turn, Worker

log = logging.getLogger(__name__)

NEARLY_FULL = 0.95
"""Of the journal's bound: from here on alerts had better go elsewhere."""


@dataclass(slots=True)
class Gateway:
    """A running gateway process."""

    server: WebServer
    run: IntakeRun
    metrics: Metrics
    draining: bool = False

    def begin_drain(self) -> None:
        """Readiness says no, and answers close their connections."""
        self.draining = True
        self.server.drain()


@dataclass(slots=True)
class Parts:
    """What is made before workers and web, and shared by both."""

    config: Config
    clock: Clock
    metrics: Metrics
    database: Database
    book: SilenceBook
    checker: Checker
    silences: PostgresSilences
    tickets: PostgresTickets
    upkeep: PostgresUpkeep
    preparation: Preparation
    journal: SegmentJournal
    run: IntakeRun
    gauges: Gauges
    absorber: Absorber
    redis_workers: list[Worker]


@asynccontextmanager
async def open_gateway(
    config: Config,
    postgres_url: str,
    *,
    may_migrate: bool,
    revive: Callable[[], Awaitable[None]] | None = None,
    clock: Clock = system_clock,
) -> AsyncIterator[Gateway]:
    """A whole gateway process, listening. Takes alerts in whether PostgreSQL is there or not.

    *revive* starts a private PostgreSQL again when it is gone.
    """
    async with AsyncExitStack() as stack:
        parts = await _open_parts(stack, config, postgres_url, may_migrate, clock)
        workers = await _open_workers(stack, parts, postgres_url)
        if revive is not None:
            workers.append(Worker("private postgres", _turn_of(revive), 1.0))
        grace = config.shutdown.grace
        supervisor = Supervisor(workers, parts.metrics, grace_seconds=5.0)
        await stack.enter_async_context(supervisor)
        stack.push_async_callback(_drain, parts.run, grace)
        gateways: list[Gateway] = []
        app = create_web_app(
            _handlers(parts, lambda: _unready(parts, gateways)),
            config.http,
            Gate(token=config.auth.token, loopback=config.http.listen.is_loopback),
            _count_failure(parts.metrics),
            _count_answer(parts.metrics),
        )
        server = await stack.enter_async_context(run_server(app, config.http, grace))
        gateway = Gateway(server, parts.run, parts.metrics)
        gateways.append(gateway)
        yield gateway
        gateway.begin_drain()


async def _open_parts(
    stack: AsyncExitStack, config: Config, url: str, may_migrate: bool, clock: Clock
) -> Parts:
    metrics = Metrics(CollectorRegistry(), tuple(config.sources), tuple(Outcome))
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    seeds = SeedFile(config.data_dir / "installation.seed")
    identities = [_identities(config, seeds.read() or secrets.token_bytes(32))]
    checker = Checker(config.sources, identities[-1])
    absorber, redis_workers = await _open_absorber(
        stack, config, lambda: identities[-1].seed, metrics
    )
    book, database = (
        SilenceBook(),
        Database(create_engine(url, pool_size=config.postgres.pool_size), absorber.void),
    )
    stack.push_async_callback(database.engine.dispose)
    silences = PostgresSilences(database, book)

    def adopt_seed(seed: bytes) -> None:
        if seed != identities[-1].seed:
            seeds.write(seed)
            identities.append(_identities(config, seed))
            checker.adopt(identities[-1])

    preparation = Preparation(
        url, may_migrate=may_migrate, silences=silences, adopt_seed=adopt_seed, clock=clock
    )
    routes = _routes(config)
    ledger = PostgresLedger(
        lambda: connect(url, purpose=PIPELINE),
        routes,
        lambda reason: metrics.ledger_retries_total.labels(reason).inc(),
        tells_voided=bool(config.redis.url),
    )
    stack.push_async_callback(ledger.close)
    pipeline = Pipeline(
        ledger=ledger,
        checker=checker,
        book=book,
        read_silences=lambda tenant: silences.refresh(tenant, clock()),
        clock=clock,
        observe=Observer(metrics, clock),
        absorber=absorber,
    )
    waiting = Waiting(lambda after, most: journal.read(after, most), pipeline.check)
    journal = await stack.enter_async_context(
        open_journal(config.data_dir / "journal", config.journal, waiting.committed)
    )
    run = IntakeRun(pipeline, journal, waiting, preparation.prepare)
    rule_named = _rule_named(config)
    gauges = Gauges(
        metrics,
        journal,
        lambda: (identities[-1].misses, identities[-1].held_bytes),
        lambda: run.reaches_ledger,
        lambda: book.states(clock()),
    )
    return Parts(
        config=config,
        clock=clock,
        metrics=metrics,
        database=database,
        book=book,
        checker=checker,
        silences=silences,
        tickets=PostgresTickets(database, routes, rule_named),
        upkeep=PostgresUpkeep(database, book, routes, rule_named),
        preparation=preparation,
        journal=journal,
        run=run,
        gauges=gauges,
        absorber=absorber,
        redis_workers=redis_workers,
    )


async def _open_absorber(
    stack: AsyncExitStack, config: Config, seed: Callable[[], bytes], metrics: Metrics
) -> tuple[Absorber, list[Worker]]:
    if not config.redis.url:
        return NothingHeld(), []
    windows = [rule.window for rule in (*config.rules, DEFAULT_RULE)]
    times = AbsorberTimes(flush_interval=min(config.redis.flush_interval, min(windows) / 4))
    absorber = await stack.enter_async_context(
        open_absorber(config.redis.url, seed, times, metrics.redis_available.set)
    )
    inspection = Inspection(absorber.client, lambda: not absorber.breaker.closed)
    return absorber, [Worker("redis", inspection.turn, 5.0)]


def _identities(config: Config, seed: bytes) -> IdentityCache:
    return IdentityCache(Identifier(seed, config.rules, config.severity))


def _routes(config: Config) -> list[Route]:
    return [
        Route(hook.name, frozenset(event for event in Event if hook.wants(event)))
        for hook in config.webhooks
    ]


def _rule_named(config: Config) -> Callable[[str], Rule]:
    rules = {rule.name: rule for rule in config.rules}

    def rule_named(name: str) -> Rule:
        return rules.get(name, DEFAULT_RULE)

    return rule_named


async def _open_workers(stack: AsyncExitStack, parts: Parts, url: str) -> list[Worker]:
    config, clock, metrics = parts.config, parts.clock, parts.metrics
    tenants, upkeep, started = parts.preparation.tenants, parts.upkeep, clock()
    engine = create_engine(url, purpose=WORKERS, pool_size=2)
    stack.push_async_callback(engine.dispose)
    outbox = PostgresOutbox(engine)

    def up_since() -> datetime:
        return max(started, parts.run.pipeline.recovered_at or started)

    flush = Flush(parts.absorber, upkeep, tenants, clock)
    leases = LeaseClock(upkeep, tenants, clock, up_since, flush.before_leases_end)
    closing = Closing(parts.tickets.close_resolved, tenants, clock, config.tickets.close_after)
    silence_ends = SilenceClock(upkeep, parts.silences.current, tenants, clock)
    workers = [
        Worker("intake", parts.run.turn, 1.0),
        Worker("leases", leases.turn, 1.0),
        Worker("silences", silence_ends.turn, 1.0),
        Worker("quiets", QuietClock(upkeep, tenants, clock).turn, 1.0),
        Worker("closing", closing.turn, 60.0),
        Worker("retention", Retention(upkeep, tenants, clock, config.retention).turn, 600.0),
        Worker("gauges", parts.gauges.turn, 1.0),
        Worker("flush", flush.turn, 1.0),
        *parts.redis_workers,
    ]
    sinks = [hook.name for hook in config.webhooks]
    workers.append(
        Worker("outbox", OutboxUpkeep(outbox, sinks, tenants, clock, metrics).turn, 15.0)
    )
    return workers + await _open_relays(stack, parts, outbox)


async def _open_relays(stack: AsyncExitStack, parts: Parts, outbox: Outbox) -> list[Worker]:
    if not parts.config.webhooks:
        return []
    session = await stack.enter_async_context(open_session())
    relays = []
    for hook in parts.config.webhooks:
        sink = WebhookSink(hook, session, parts.clock)
        relay = OutboxRelay(outbox, sink, parts.preparation.tenants, parts.clock, parts.metrics)
        relays.append(Worker(f"relay {hook.name}", relay.turn, 1.0))
    return relays


def _handlers(parts: Parts, unready: Callable[[], list[str]]) -> list[Handlers]:
    config, clock, silences = parts.config, parts.clock, parts.silences
    bodies = BodyReader(config.http)
    alerts, tickets = AlertQueries(parts.database), TicketQueries(parts.database)
    rehearsal = PostgresRehearsal(parts.database)
    longest = config.silences.max_duration

    def scrape() -> bytes:
        parts.gauges.refresh()
        return render(parts.metrics)

    return [
        OperationsHandlers(unready, scrape),
        IntakeHandlers(parts.checker, parts.journal, bodies, clock, parts.metrics),
        ExplainHandlers(parts.checker, rehearsal, alerts, silences, bodies, clock),
        TicketHandlers(tickets, parts.tickets, silences, bodies, clock),
        AlertHandlers(alerts, silences, clock),
        SilenceHandlers(silences, alerts, bodies, clock, longest),
        DescriptionHandlers(),
    ]


def _turn_of(revive: Callable[[], Awaitable[None]]) -> Turn:
    async def turn() -> bool:
        await revive()
        return False

    return turn


def _unready(parts: Parts, gateways: list[Gateway]) -> list[str]:
    reasons = []
    if not gateways or gateways[0].draining:
        reasons.append("draining")
    nearly_full = parts.journal.unapplied_bytes > NEARLY_FULL * parts.config.journal.max_bytes
    if nearly_full or not parts.journal.writable:
        reasons.append("the journal cannot take more: its bound is reached or its disk fails")
    return reasons


def _count_failure(metrics: Metrics) -> Callable[[AuthFailure, str], None]:
    def count(reason: AuthFailure, route: str) -> None:
        metrics.authentication_failures_total.inc()
        log.warning("a request was turned away", extra={"reason": reason.value, "route": route})

    return count


def _count_answer(metrics: Metrics) -> OnAnswer:
    def count(route: str, method: str, status: int, seconds: float) -> None:
        metrics.http_requests_total.labels(route, method, str(status)).inc()
        metrics.http_request_duration_seconds.labels(route).observe(seconds)

    return count


async def _drain(run: IntakeRun, grace: timedelta) -> None:
    """Everything taken in goes to the ledger, if it is there: else the journal keeps it."""
    run.waiting.close()
    try:
        async with asyncio.timeout(grace.total_seconds() if run.reaches_ledger else 1.0):
            await run.finished.wait()
    except TimeoutError:
        log.warning("not everything could be drained; the journal keeps it")
