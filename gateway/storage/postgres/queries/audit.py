"""The audit: every object's history read again, and its chain of hashes worked out anew.

What is looked for is whatever somebody changed who could: rows of histories, ends of chains, and
texts of comments. Kinds are those that there are: each has its ends in `history_heads`, tickets
and silences on their own rows.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from gateway.history.chain import Chained, Entry, Head, first_break
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
            sequence = _break(rows, head)
            looked_at()
            if sequence is not None:
                broken.append(Broken(kind, object_id, sequence))
            broken += await _exchanged_texts(transaction, object_id, rows)
        return broken + await _ownerless(transaction)


def _break(rows: Sequence[Chained], head: Head) -> int | None:
    """An object without an entry has never been made; one that is too long was not cut here."""
    sequence = first_break(rows, head.hash)
    if sequence is None and (not rows or head.length != len(rows)):
        return len(rows) + 1
    return sequence


async def _ownerless(transaction: Transaction) -> list[Broken]:
    """Entries of nothing that is there, and comments that no history speaks of."""
    entries = await transaction.driver.fetch(SQL["headless"], transaction.tenant)
    texts = await transaction.driver.fetch(SQL["unknown_texts"], transaction.tenant)
    return [
        *(Broken(row["kind"], row["object_id"], row["sequence"]) for row in entries),
        *(Broken("comment", row["id"], 1) for row in texts),
    ]


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
    """Comments that say, or said, something else than was written, or are gone; of one that was
    retracted its row stays, and says nothing.
    """
    said: dict[str, list[Chained]] = {}
    for row in rows:
        if (row.entry.kind, row.entry.field) == (Kind.TICKET, "comment"):
            key = (row.entry.new or row.entry.old or "").partition(" ")[0]
            said.setdefault(key, []).append(row)
    if not said:
        return []
    found = await transaction.driver.fetch(SQL["texts"], transaction.tenant, ticket_id)
    known = _by_comment(found)
    return [
        Broken("comment", key, entries[-1].sequence)
        for key, entries in said.items()
        if known.get(key) != _told(key, entries)
    ]


def _told(key: str, entries: Sequence[Chained]) -> list[str | None]:
    """What the history knows that a comment says, and said, the latest first."""
    if entries[-1].entry.new is None:
        return [f"{key} retracted"]
    return [row.entry.new for row in reversed(entries)]


def _by_comment(rows: Sequence[asyncpg.Record]) -> Mapping[str, Sequence[str]]:
    """What each says now, and what it said before, the latest first: as history names it."""
    texts: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: (row["number"] > 0, -row["number"])):
        texts.setdefault(row["id"], []).append(f"{row['id']} {row['said']}")
    return texts


async def _heads(transaction: Transaction) -> AsyncIterator[tuple[str, str, Head]]:
    """(kind, id, end of its chain) of every object that has a history."""
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
                yield kind, row["id"], Head(row["length"], row["head"])
            after = rows[-1]["id"]
