"""The gate of a process: who knows its callers, and what keeps that knowledge current."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from gateway.access.book import SendersBook
from gateway.access.callers import Callers, KnownCallers
from gateway.access.uses import TokenUses
from gateway.clock import Clock
from gateway.config import Config
from gateway.errors import GatewayError, NotFound, Unavailable
from gateway.intake.delivery.checker import Checker
from gateway.logs import get_logger
from gateway.metrics import Metrics
from gateway.storage.postgres.access.senders import PostgresSenders, SendersFile
from gateway.storage.postgres.access.uses import PostgresUses
from gateway.storage.postgres.kernel.database import Database
from gateway.web.api.intake import in_its_words
from gateway.web.http.forwarded import read_network
from gateway.web.http.gate.authenticate import Guard
from gateway.web.http.gate.gate import Gate
from gateway.web.http.gate.turned_away import AuthFailure
from gateway.web.http.refusals import RefusalLog
from gateway.workers.supervisor import Worker

_logger = get_logger(__name__)

BOOK_SECONDS = 5.0
"""A sender's token that is revoked opens nothing after that, while PostgreSQL is there."""
USES_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Entrance:
    """A guard, and the workers that it needs."""

    guard: Guard
    workers: Sequence[Worker]


def open_entrance(
    config: Config,
    look_up: Callers,
    database: Database,
    checker: Checker,
    metrics: Metrics,
    clock: Clock,
) -> Entrance:
    """Connects to nothing yet: senders are known as they were when PostgreSQL was last there."""
    file, uses = SendersFile(config.data_dir / "tokens"), TokenUses()
    book = SendersBook(file.read())
    gate = Gate(
        token=config.auth.token,
        loopback=config.http.listen.is_loopback,
        proxies=tuple(map(read_network, config.http.trusted_proxies)),
        required=config.auth.required,
        callers=KnownCallers(book, look_up, uses, clock),
    )
    workers = [
        Worker("senders", PostgresSenders(database, book, file).turn, BOOK_SECONDS),
        Worker("token uses", PostgresUses(database, uses).turn, USES_SECONDS),
    ]
    return Entrance(Guard(gate, _count_failure(metrics), _put_off(checker)), workers)


def _count_failure(metrics: Metrics) -> Callable[[AuthFailure, str], None]:
    refusals = RefusalLog(_logger, "a request was turned away")

    def count(reason: AuthFailure, route: str) -> None:
        metrics.authentication_failures_total.inc()
        refusals.refused({"reason": reason.value, "route": route})

    return count


def _put_off(checker: Checker) -> Callable[[web.Request, Unavailable], GatewayError]:
    """In the words of the source that it delivers for: what it takes for "come again"."""

    def put_off(request: web.Request, error: Unavailable) -> GatewayError:
        try:
            source = checker.source(request.match_info.get("source", "prometheus"))
        except NotFound:
            return error
        return in_its_words(error, source, request.path)

    return put_off
