"""The composition root: a process is made here of its parts and roles, and closed in reverse.

On the way down: stop accepting, finish requests, drain the pipeline, stop workers, close the
journal (what could not be drained stays in it), let go of PostgreSQL.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from gateway.app.api import open_server
from gateway.app.intake import Intake, drain, first_workers, open_intake
from gateway.app.process import Parts, open_parts
from gateway.app.readiness import ProcessReadiness
from gateway.app.work import open_workers
from gateway.clock import Clock, system_clock
from gateway.config import Config
from gateway.intake.run import IntakeRun
from gateway.metrics import Metrics
from gateway.roles import EVERY_ROLE, ProcessRole
from gateway.web.http.server import WebServer
from gateway.workers.supervisor import Supervisor, Turn, Worker

Revive = Callable[[], Awaitable[None]]
"""Starts a private PostgreSQL again when it is gone."""


@dataclass(slots=True)
class Gateway:
    """A running gateway process. *run* is None in one that takes nothing in."""

    server: WebServer
    run: IntakeRun | None
    metrics: Metrics
    readiness: ProcessReadiness

    def begin_drain(self) -> None:
        """Readiness says no, and answers close their connections."""
        self.readiness.listening = False
        self.server.drain()


@asynccontextmanager
async def open_gateway(
    config: Config,
    postgres_url: str,
    *,
    may_migrate: bool,
    roles: frozenset[ProcessRole] = EVERY_ROLE,
    revive: Revive | None = None,
    clock: Clock = system_clock,
    declares: bool = True,
) -> AsyncIterator[Gateway]:
    """A whole gateway process, listening. Takes alerts in whether PostgreSQL is there or not.

    *declares*: of several processes of one configuration, one makes what it declares be so.
    """
    async with AsyncExitStack() as stack:
        parts = await open_parts(stack, config, postgres_url, may_migrate, clock)
        intake = await open_intake(stack, parts) if ProcessRole.INTAKE in roles else None
        await _start_workers(stack, parts, intake, roles, revive, declares=declares)
        readiness = ProcessReadiness(parts, intake)
        server = await open_server(stack, parts, roles, intake, readiness)
        readiness.listening = True
        gateway = Gateway(server, None if intake is None else intake.run, parts.metrics, readiness)
        yield gateway
        gateway.begin_drain()


async def _start_workers(
    stack: AsyncExitStack,
    parts: Parts,
    intake: Intake | None,
    roles: frozenset[ProcessRole],
    revive: Revive | None,
    *,
    declares: bool,
) -> None:
    """The pipeline is drained before they are stopped."""
    workers = [*parts.redis_workers, *first_workers(parts, intake), *parts.entrance.workers]
    if ProcessRole.WORK in roles:
        workers += await open_workers(stack, parts, declares=declares)
    if revive is not None:
        workers.append(Worker("private postgres", _turn_of(revive), 1.0))
    await stack.enter_async_context(Supervisor(workers, parts.metrics, grace_seconds=5.0))
    if intake is not None:
        stack.push_async_callback(drain, intake.run, parts.config.shutdown.grace)


def _turn_of(revive: Revive) -> Turn:
    async def turn() -> bool:
        await revive()
        return False

    return turn
