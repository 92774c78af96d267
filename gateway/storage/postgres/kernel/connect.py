"""Connections of the application: role, limits and time zone are ours, whatever the server's are.

Row-level security binds `gateway_app` only, so nothing but migrations connects without that role.
"""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.errors import Unavailable
from gateway.storage.postgres.kernel.failures import DRIVER_ERRORS
from gateway.storage.postgres.kernel.moments import use_moments

ROLE = "gateway_app"
CONNECT_TIMEOUT = timedelta(seconds=10)
_CLIENT_SLACK = timedelta(seconds=5)
"""The server ends a statement first and says why; the driver's own limit is for a dead server."""


@dataclass(eq=False)
class PostgresAway(Unavailable):
    """No connection: the server, the way to it, its role or its password. The cause says which."""

    code: str = "postgres_unavailable"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a connection is for: its name in pg_stat_activity, and how long it may take."""

    name: str
    statement: timedelta = timedelta(seconds=30)
    lock: timedelta = timedelta(seconds=2)
    idle_in_transaction: timedelta = timedelta(seconds=30)

    @property
    def settings(self) -> dict[str, str]:
        """`server_settings` of asyncpg."""
        return {
            "application_name": f"alert-gateway {self.name}",
            "role": ROLE,
            "TimeZone": "UTC",
            "synchronous_commit": "on",
            "jit": "off",
            "statement_timeout": _milliseconds(self.statement),
            "lock_timeout": _milliseconds(self.lock),
            "idle_in_transaction_session_timeout": _milliseconds(self.idle_in_transaction),
        }


PIPELINE = Purpose("pipeline")
"""Alerts into the ledger: patient with a large batch, not with a lock."""
WORKERS = Purpose("workers")
"""Background work."""
PEOPLE = Purpose(
    "people", statement=timedelta(seconds=10), idle_in_transaction=timedelta(seconds=10)
)
"""Requests that somebody waits for."""


async def connect(url: str, *, purpose: Purpose) -> asyncpg.Connection:
    """One connection, as `gateway_app`. Raises PostgresAway, whatever the reason.

    *url* is libpq's: `postgresql://user:password@host/database` or, over a socket,
    `postgresql:///database?host=/directory&user=name`.
    """
    try:
        return await _open(url, purpose)
    except asyncpg.InvalidParameterValueError as error:
        raise PostgresAway(
            f"PostgreSQL has no role {ROLE}, so no schema: run `alert-gateway migrate` ({error})"
        ) from error
    except DRIVER_ERRORS as error:
        raise PostgresAway(f"PostgreSQL cannot be reached: {error}") from error


async def _open(url: str, purpose: Purpose) -> asyncpg.Connection:
    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_TIMEOUT.total_seconds(),
        command_timeout=(purpose.statement + _CLIENT_SLACK).total_seconds(),
        server_settings=purpose.settings,
    )
    try:
        await use_moments(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


def create_engine(url: str, *, purpose: Purpose = PEOPLE, pool_size: int = 5) -> AsyncEngine:
    """For queries that people trigger: at most *pool_size* at once, others wait a few seconds.

    Connects when first used, so it may be made while PostgreSQL is away.
    """

    async def open_connection() -> asyncpg.Connection:
        return await connect(url, purpose=purpose)

    # asyncpg reads the URL itself, so that sockets and TLS options mean the same everywhere.
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=open_connection,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=purpose.statement.total_seconds() / 2,
        pool_pre_ping=True,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
    )


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()


def _milliseconds(span: timedelta) -> str:
    return str(int(span.total_seconds() * 1000))
