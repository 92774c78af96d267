"""Messages for tests, written to a real outbox the way the ledger writes them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.outbox.message import Message
from gateway.storage.postgres.statements import load

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(minutes=1)
_INSERT = load("ledger")["insert_outbox"]
_NUMBERS = count(1)


def message(subject: str, sink: str = "hook", tenant: int = 1, at: datetime = NOW) -> Message:
    """A message with an id of its own."""
    return Message(
        id=f"ev_{next(_NUMBERS):06d}",
        tenant=tenant,
        sink=sink,
        type="ticket.created",
        subject=subject,
        payload={"ticket": {"id": subject, "title": "磁盘满"}},
        created_at=at,
    )


async def write(engine: AsyncEngine, *messages: Message) -> Sequence[Message]:
    """In this order, in one transaction per message."""
    for each in messages:
        async with engine.begin() as connection:
            await _enter(connection, each.tenant)
            columns = [[each.id], [each.sink], [each.type], [each.subject]]
            payload = [orjson.dumps(each.payload).decode()]
            arguments = (each.tenant, *columns, payload, [each.created_at])
            await connection.exec_driver_sql(_INSERT, arguments)
    return messages


async def row_of(engine: AsyncEngine, written: Message) -> dict[str, Any]:
    """The message as it stands in the table."""
    async with engine.begin() as connection:
        await _enter(connection, written.tenant)
        result = await connection.exec_driver_sql(
            "SELECT * FROM outbox WHERE tenant_id = $1 AND id = $2", (written.tenant, written.id)
        )
        return dict(result.mappings().one())


async def states_of(engine: AsyncEngine, *messages: Message) -> list[str]:
    return [str((await row_of(engine, each))["state"]) for each in messages]


async def _enter(connection: Any, tenant: int) -> None:
    await connection.exec_driver_sql("SELECT set_config('app.tenant', $1, true)", (str(tenant),))
