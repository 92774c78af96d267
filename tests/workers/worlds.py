"""What the laws of time are tried with: many alerts at once, and a database that goes away."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

from gateway.alerts.sighting import Sighting
from gateway.silences.silence import Silence
from gateway.tickets.ticket import TicketStatus
from matchers import parse
from tests.programs import eventually
from tests.world import START, World, at, firing

MOST = 500
"""Alerts that one transaction takes on."""


def silence(matchers: str, until: float, begins: float = 0) -> Silence:
    return Silence(
        id=uuid4(),
        matchers=parse(matchers),
        starts_at=at(begins),
        ends_at=at(until),
        author="anna",
        comment="",
        created_at=START,
        updated_at=START,
    )


def many(count: int, **more: float) -> list[Sighting]:
    """Firing alerts of different names."""
    return [firing(f"A{number:04}", **more) for number in range(count)]  # type: ignore[arg-type]


async def all_turns(turn: Callable[[], Awaitable[bool]]) -> int:
    """Turns until there is no more to do; how many had been needed."""
    for turns in range(1, 50):
        if not await turn():
            return turns
    raise AssertionError("there is always more to do")


async def largest_piece(world: World, table: str) -> int:
    """The most rows of a table that were last written by one transaction."""
    query = "SELECT count(*) AS n FROM {} GROUP BY xmin::text ORDER BY 1 DESC LIMIT 1"
    return int((await world.rows(query.format(table)))[0]["n"])


async def statuses(world: World) -> dict[str, str]:
    """Of tickets, by title; the newest of each."""
    return {one["title"]: one["status"] for one in await world.all_tickets()}


async def moves(world: World) -> list[tuple[str, str]]:
    """Who brought a ticket to which status, in the order of each ticket's history."""
    found = await world.rows(
        "SELECT actor, new FROM history WHERE field = 'status' ORDER BY object_id, sequence"
    )
    return [(one["actor"], one["new"]) for one in found]


async def step(world: World, ticket_id: str, *path: TicketStatus, minutes: float) -> None:
    for status in path:
        await world.people.step(1, ticket_id, status, "anna", at(minutes), "", None)


@asynccontextmanager
async def gone(url: str) -> AsyncIterator[None]:
    """Nobody reaches the database while the block runs, and whoever had it has lost it."""
    parts = urlsplit(url)
    name, elsewhere = parts.path.removeprefix("/"), parts._replace(path="/postgres").geturl()
    server = await asyncpg.connect(
        elsewhere.replace("postgresql:/postgres", "postgresql:///postgres")
    )
    try:
        await server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await _end_connections(server, name)
        yield
    finally:
        await server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await server.close()


async def end_who_waits_for_a_lock(owner: asyncpg.Connection) -> None:
    """The connection that waits for a lock is lost, as if its server had died."""
    await a_lock_is_waited_for(owner)
    await owner.execute(f"SELECT pg_terminate_backend(pid) {_WAITING}")


async def a_lock_is_waited_for(owner: asyncpg.Connection) -> None:
    """Somebody waits for what *owner* has locked."""

    async def waited_for() -> bool:
        # within a transaction PostgreSQL shows the connections that there were at the first look
        await owner.execute("SELECT pg_stat_clear_snapshot()")
        return bool(await owner.fetchval(f"SELECT count(*) {_WAITING}"))

    await eventually(waited_for)


_WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def _end_connections(server: asyncpg.Connection, name: str) -> None:
    await server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
    )
