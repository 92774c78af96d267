"""History: who changed what, when and why; append-only, chained by hash per object.

hash = SHA-256(hash before ‖ canonical JSON of the entry). Changing, removing or inserting a row
breaks the chain; cutting off its end disagrees with the head kept on the object.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import orjson


@dataclass(frozen=True, slots=True)
class Entry:
    """One changed field of one object. *old* or *new* is None where there was or is nothing."""

    kind: str
    object_id: str
    at: datetime
    actor: str
    field: str
    old: str | None
    new: str | None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Chained:
    """An entry in its place in the chain."""

    entry: Entry
    sequence: int
    hash: bytes


def chain(entries: Iterable[Entry], length: int, head: bytes) -> list[Chained]:
    """Append *entries* to a chain of *length* that ends in *head*."""
    chained = []
    for entry in entries:
        length += 1
        head = next_hash(head, length, entry)
        chained.append(Chained(entry, length, head))
    return chained


def next_hash(head: bytes, sequence: int, entry: Entry) -> bytes:
    """32 bytes. Times count as microseconds since the epoch, as PostgreSQL keeps them."""
    at = int(entry.at.timestamp()) * 1_000_000 + entry.at.microsecond
    fields = [
        entry.kind, entry.object_id, sequence, at, entry.actor, entry.field, entry.old, entry.new,
        entry.comment,
    ]  # fmt: skip
    return sha256(head + orjson.dumps(fields)).digest()


def first_break(rows: Iterable[Chained], head: bytes) -> int | None:
    """The sequence of the first row of one object's history that does not fit; None: all fit."""
    current, expected = b"", 1
    for row in rows:
        fits = row.sequence == expected and row.hash == next_hash(current, expected, row.entry)
        if not fits:
            return expected
        current, expected = row.hash, expected + 1
    return None if current == head else expected
