"""The audit: every object's history read again, and its chain of hashes worked out anew."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from gateway.history.chain import Chained, Entry, first_break
from gateway.history.kind import Kind
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
    """All objects of one tenant whose history was changed, cut or added to, and comments whose
    text is not what their ticket's history knows.

    *looked_at* is called for each. While others write, *database* must show one picture of all
    (REPEATABLE READ): else an entry made meanwhile looks like one that was added.
    """
    broken = []
    async with database.tenant(tenant) as transaction:
        async for kind, object_id, head in _heads(transaction):
            rows = await _history(transaction, kind, object_id)
            sequence = first_break(rows, head)
            looked_at()
            if sequence is not None:
                broken.append(Broken(kind, object_id, sequence))
            broken += await _exchanged_texts(transaction, object_id, rows)
    return broken


async def _history(transaction: Transaction, kind: str, object_id: str) -> list[Chained]:
    rows = await transaction.driver.fetch(SQL["rows"], transaction.tenant, kind, object_id)
    return [
        Chained(
            Entry(
                kind, object_id, row["at"], row["actor"], row["field"], row["old"], row["new"],
                row["comment"],
            ),
            row["sequence"],
            row["hash"],
            row["salt"],
        )
        for row in rows
    ]  # fmt: skip


async def _exchanged_texts(
    transaction: Transaction, ticket_id: str, rows: Sequence[Chained]
) -> list[Broken]:
    """Comments that say something else than was written, or are gone without a retraction."""
    said = {
        (row.entry.new or row.entry.old or "").partition(" ")[0]: row
        for row in rows
        if (row.entry.kind, row.entry.field) == (Kind.TICKET, "comment")
    }
    if not said:
        return []
    found = await transaction.driver.fetch(SQL["texts"], transaction.tenant, ticket_id)
    digests = {row["id"]: f"{row['id']} sha256:{row['digest']}" for row in found}
    return [
        Broken("comment", key, row.sequence)
        for key, row in said.items()
        if row.entry.new is not None and digests.get(key) != row.entry.new
    ]


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
