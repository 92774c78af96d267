"""What a process of the role `work` runs: one worker a duty, and a relay for each sink."""

from contextlib import AsyncExitStack
from datetime import datetime

from gateway.app.process import Parts
from gateway.sinks.webhook import WebhookSink, open_session
from gateway.storage.postgres.duties.census import PostgresCensus
from gateway.storage.postgres.duties.closing import PostgresClosing
from gateway.storage.postgres.duties.duplicates import PostgresDuplicates
from gateway.storage.postgres.duties.flush import PostgresFlush
from gateway.storage.postgres.duties.journals import PostgresJournals
from gateway.storage.postgres.duties.leases import PostgresLeases
from gateway.storage.postgres.duties.outbox import PostgresPending
from gateway.storage.postgres.duties.quiets import PostgresQuiets
from gateway.storage.postgres.duties.retention import PostgresRetention
from gateway.storage.postgres.duties.silences import PostgresVerdicts
from gateway.storage.postgres.duties.stranded import PostgresStranded
from gateway.storage.postgres.nouns.declarations import PostgresDeclarations
from gateway.storage.postgres.nouns.outbox import PostgresOutbox
from gateway.workers.census import Census
from gateway.workers.closing import Closing
from gateway.workers.declarations import Declaring
from gateway.workers.duplicates import DuplicateEnds
from gateway.workers.flush import Flush
from gateway.workers.leases import LeaseClock
from gateway.workers.outbox_upkeep import OutboxUpkeep
from gateway.workers.quiets import QuietClock
from gateway.workers.relay import OutboxRelay
from gateway.workers.retention import Retention
from gateway.workers.silences import SilenceClock
from gateway.workers.stranded import StrandedCount
from gateway.workers.supervisor import Worker


async def open_workers(stack: AsyncExitStack, parts: Parts, *, declares: bool) -> list[Worker]:
    """Everything they need is closed with *stack*. *declares*: see `open_gateway`."""
    workers = [*_clocks(parts), *_counts(parts), *await _open_relays(stack, parts)]
    return [*workers, _declaring(parts)] if declares else workers


def _declaring(parts: Parts) -> Worker:
    """What the configuration declares."""
    config, store = parts.config, PostgresDeclarations(parts.own_database, parts.clock)
    declaring = Declaring(
        store,
        config.declared.of,
        config.config.revision,
        parts.metrics,
        parts.clock,
        lambda: parts.preparation.done,
    )
    return Worker("declarations", declaring.turn, 2.0)


def _clocks(parts: Parts) -> list[Worker]:
    """What moves alerts and tickets when their time has come."""
    config, clock, visits, started = parts.config, parts.clock, parts.visits, parts.clock()
    journals = PostgresJournals(parts.own_database)

    def up_since() -> datetime:
        return max(started, parts.pipeline.recovered_at or started)

    flush = Flush(parts.absorber, PostgresFlush(visits), clock)
    leases = PostgresLeases(visits)
    lease_clock = LeaseClock(leases, journals, clock, up_since, flush.before_leases_end)
    verdicts = PostgresVerdicts(visits, parts.book)
    silence_clock = SilenceClock(verdicts, journals, parts.silences.current, clock)
    quiet_clock = QuietClock(PostgresQuiets(visits, parts.book), clock)
    closing = Closing(PostgresClosing(visits), clock, config.tickets.closing)
    workers = [
        Worker("leases", lease_clock.turn, 1.0),
        Worker("silences", silence_clock.turn, 1.0),
        Worker("quiets", quiet_clock.turn, 1.0),
        Worker("closing", closing.turn, 60.0),
        Worker("duplicates", DuplicateEnds(PostgresDuplicates(visits), clock).turn, 5.0),
    ]
    return [*workers, Worker("flush", flush.turn, 1.0)] if config.redis.url else workers


def _counts(parts: Parts) -> list[Worker]:
    """What counts, and takes out what is long over."""
    config, clock, metrics, visits = parts.config, parts.clock, parts.metrics, parts.visits
    sinks = [hook.name for hook in config.webhooks]
    retention = Retention(PostgresRetention(visits), clock, config.retention)
    stranded = StrandedCount(PostgresStranded(parts.own_database), metrics)
    outbox = OutboxUpkeep(PostgresPending(visits), sinks, clock, metrics)
    return [
        Worker("retention", retention.turn, 600.0),
        Worker("census", Census(PostgresCensus(visits), metrics).turn, 15.0),
        Worker("stranded", stranded.turn, 60.0),
        Worker("outbox", outbox.turn, 15.0),
    ]


async def _open_relays(stack: AsyncExitStack, parts: Parts) -> list[Worker]:
    if not parts.config.webhooks:
        return []
    outbox = PostgresOutbox(parts.own_database.engine)
    session = await stack.enter_async_context(open_session())
    relays = []
    for hook in parts.config.webhooks:
        sink = WebhookSink(hook, session, parts.clock)
        relay = OutboxRelay(outbox, sink, parts.clock, parts.metrics)
        relays.append(Worker(f"relay {hook.name}", relay.turn, 1.0))
    return relays
