"""What every gateway process is made of, whatever its roles: made in one straight line.

`open_parts` connects to nothing that must be there: PostgreSQL and Redis may be away.
"""

import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry

from gateway.alerts.identity import Identifier, IdentityCache
from gateway.alerts.outcome import Outcome
from gateway.alerts.rule import DEFAULT_RULE, Rule
from gateway.app.gate import Entrance, open_entrance
from gateway.clock import Clock, system_clock
from gateway.config import Config
from gateway.declarations.book import Books
from gateway.events.counting import count_events
from gateway.events.event import EventType
from gateway.events.routing import Route
from gateway.intake.absorber import Absorber, NothingHeld
from gateway.intake.delivery.checker import Checker
from gateway.intake.observer import Observer
from gateway.intake.pipeline import Pipeline
from gateway.metrics import Metrics
from gateway.silences.book import SilenceBook
from gateway.storage.postgres.access.look_up import LookUp
from gateway.storage.postgres.duties.visits import Visits
from gateway.storage.postgres.kernel.connect import (
    PEOPLE,
    PIPELINE,
    WORKERS,
    Purpose,
    connect,
    create_engine,
)
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.perform import Door
from gateway.storage.postgres.ledger.ledger import PostgresLedger
from gateway.storage.postgres.nouns.silences import PostgresSilences
from gateway.storage.postgres.preparation import Preparation, SeedFile
from gateway.storage.postgres.workflows import TenantWorkflows
from gateway.storage.redis.absorber import AbsorberTimes
from gateway.storage.redis.inspection import Inspection
from gateway.storage.redis.opening import open_absorber
from gateway.workers.supervisor import Worker

OWN_CONNECTIONS = 4
"""Of a process, for its duties and messages: these are short, and wait for each other."""


class Identities:
    """The identity cache of the installation's seed, which may be learnt after its first use."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._file = SeedFile(config.data_dir / "installation.seed")
        known = self._file.read()
        self.cache = self._fresh(known or secrets.token_bytes(32))
        self.checker = Checker(config.sources, self.cache, provisional=known is None)

    @property
    def seed(self) -> bytes:
        """As known by now."""
        return self.cache.seed

    def adopt(self, seed: bytes) -> None:
        """The ledger's own: what was identified with another is identified anew."""
        if seed != self.seed:
            self._file.write(seed)
            self.cache = self._fresh(seed)
            self.checker.adopt(self.cache)

    def _fresh(self, seed: bytes) -> IdentityCache:
        config = self._config
        identifier = Identifier(seed, config.rules, config.severity, config.identity.ignored)
        return IdentityCache(identifier, config.intake.identity_cache_bytes)


@dataclass(slots=True)
class Parts:
    """What is made before workers and web, and shared by both."""

    config: Config
    clock: Clock
    metrics: Metrics
    identities: Identities
    database: Database
    """Of people's requests."""
    own_database: Database
    """Of what nobody waits for: duties, messages, and the book of silences."""
    book: SilenceBook
    silences: PostgresSilences
    door: Door
    visits: Visits
    workflows: TenantWorkflows
    preparation: Preparation
    pipeline: Pipeline
    absorber: Absorber
    redis_workers: list[Worker]
    entrance: Entrance

    @property
    def checker(self) -> Checker:
        """Reads what senders send."""
        return self.identities.checker


async def open_parts(
    stack: AsyncExitStack, config: Config, url: str, may_migrate: bool, clock: Clock
) -> Parts:
    """Everything is closed with *stack*."""
    metrics = Metrics(CollectorRegistry(), tuple(config.sources), tuple(Outcome))
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    identities = Identities(config)
    absorber, redis_workers = await _open_absorber(stack, config, identities, metrics)
    book = SilenceBook()
    books = Books()
    open_database = partial(_open_database, stack, url, absorber, metrics, books)
    database = open_database(PEOPLE, config.postgres.pool_size)
    own_database = open_database(WORKERS, OWN_CONNECTIONS)
    silences = PostgresSilences(database, book, own_database)
    routes, rule_named = routes_of(config), _rule_named(config)
    workflows = _workflows_in(books, config)
    return Parts(
        config=config,
        clock=clock,
        metrics=metrics,
        identities=identities,
        database=database,
        own_database=own_database,
        book=book,
        silences=silences,
        door=Door(database, routes, rule_named, silences.refresh, _own(clock), workflows),
        visits=Visits(own_database, routes, rule_named, workflows),
        workflows=workflows,
        preparation=Preparation(
            url,
            may_migrate=may_migrate,
            silences=silences,
            adopt_seed=identities.adopt,
            clock=clock,
        ),
        pipeline=Pipeline(
            ledger=_open_ledger(stack, config, url, metrics, routes, workflows, books),
            checker=identities.checker,
            book=book,
            read_silences=lambda tenant: silences.refresh(tenant, clock()),
            clock=clock,
            observe=Observer(metrics, clock),
            absorber=absorber,
        ),
        absorber=absorber,
        redis_workers=redis_workers,
        entrance=open_entrance(
            config, LookUp(database), own_database, identities.checker, metrics, clock
        ),
    )


def _workflows_in(books: Books, config: Config) -> TenantWorkflows:
    return TenantWorkflows(
        config.tickets.closing,
        lambda tenant: books.of(tenant).workflows,
        lambda tenant: books.of(tenant).fields,
        alone=not config.postgres.url,
    )


def _open_ledger(
    stack: AsyncExitStack,
    config: Config,
    url: str,
    metrics: Metrics,
    routes: Sequence[Route],
    workflows: TenantWorkflows,
    books: Books,
) -> PostgresLedger:
    """On a connection of its own."""
    ledger = PostgresLedger(
        lambda: connect(url, purpose=PIPELINE),
        routes,
        lambda reason: metrics.ledger_retries_total.labels(reason).inc(),
        tells_voided=bool(config.redis.url),
        workflows=workflows,
        books=books,
    )
    stack.push_async_callback(ledger.close)
    return ledger


def _open_database(
    stack: AsyncExitStack,
    url: str,
    absorber: Absorber,
    metrics: Metrics,
    books: Books,
    purpose: Purpose,
    connections: int,
) -> Database:
    engine = create_engine(url, purpose=purpose, pool_size=connections)
    stack.push_async_callback(engine.dispose)
    return Database(engine, absorber.void, partial(count_events, metrics), books)


async def _open_absorber(
    stack: AsyncExitStack, config: Config, identities: Identities, metrics: Metrics
) -> tuple[Absorber, list[Worker]]:
    if not config.redis.url:
        return NothingHeld(), []
    windows = [rule.window for rule in (*config.rules, DEFAULT_RULE)]
    times = AbsorberTimes(
        flush_interval=min(config.redis.flush_interval, min(windows) / 4),
        answer_within=config.redis.answer_within,
    )
    say = metrics.redis_available.set
    absorber = await stack.enter_async_context(
        open_absorber(config.redis.url, lambda: identities.seed, times, say)
    )
    inspection = Inspection(absorber.client, lambda: not absorber.breaker.closed)
    return absorber, [Worker("redis", inspection.turn, 5.0)]


def _own(clock: Clock) -> Clock | None:
    """PostgreSQL's clock tells the moment of a command, unless a test brings one."""
    return None if clock is system_clock else clock


def routes_of(config: Config) -> list[Route]:
    """Which events go to which sink."""
    return [
        Route(hook.name, frozenset(event for event in EventType if hook.wants(event)))
        for hook in config.webhooks
    ]


def _rule_named(config: Config) -> Callable[[str], Rule]:
    rules = {rule.name: rule for rule in config.rules}

    def rule_named(name: str) -> Rule:
        return rules.get(name, DEFAULT_RULE)

    return rule_named
