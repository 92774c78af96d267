"""The audit: every object's history read again, and its chain of hashes worked out anew."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from gateway.history.chain import Chained, Entry, first_break
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.statements import load

SQL = load("audit")
_OBJECTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Broken:
    """A history that is not as it was written; *sequence* is the first row that does not fit."""

    kind: str
    object_id: str
    sequence: int


async def broken_histories(
    database: Database, tenant: int, looked_at: Callable[[], None] = lambda: None
) -> list[Broken]:
    """All objects of one tenant whose history was changed, cut or added to.

    *looked_at* is called for each. While others write, *database* must show one picture of all
    (REPEATABLE READ): else an entry made meanwhile looks like one that was added.
    """
    broken = []
    async with database.tenant(tenant) as transaction:
        async for kind, object_id, head in _heads(transaction):
            rows = await transaction.driver.fetch(SQL["rows"], tenant, kind, object_id)
            chained = [
                Chained(
                    Entry(
                        kind, object_id, row["at"], row["actor"], row["field"], row["old"],
                        row["new"], row["comment"],
                    ),
                    row["sequence"],
                    row["hash"],
                    row["salt"],
                )
                for row in rows
            ]  # fmt: skip
            sequence = first_break(chained, head)
            looked_at()
            if sequence is not None:
                broken.append(Broken(kind, object_id, sequence))
    return broken


async def _heads(transaction: Transaction) -> AsyncIterator[tuple[str, str, bytes]]:
    """(kind, id, hash of the last row) of every object that has a history."""
    walks: list[tuple[str, str, tuple[str, ...]]] = [
        ("ticket", "ticket_heads", ()),
        ("silence", "silence_heads", ()),
    ]
    for row in await transaction.driver.fetch(SQL["other_kinds"], transaction.tenant):
        walks.append((row["kind"], "other_heads", (row["kind"],)))
    for kind, statement, more in walks:
        after = ""
        while rows := await transaction.driver.fetch(
            SQL[statement], transaction.tenant, after, _OBJECTS_AT_ONCE, *more
        ):
            for row in rows:
                yield kind, row["id"], row["history_head"]
            after = rows[-1]["id"]
