"""History: who changed what, when and why; append-only, chained by hash per object.

hash = SHA-256(hash before ‖ salt ‖ canonical JSON of the entry); rows of earlier releases have no
salt. The salt keeps a hash from telling by guesses what stood in a row whose text was erased.
Changing, removing or inserting a row breaks the chain; cutting off its end disagrees with the head
that is kept beside it.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

import msgspec
import orjson

SALT_BYTES = 16


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One changed field of one object. *old* or *new* is None where there was or is nothing."""

    kind: str
    object_id: str
    at: datetime
    actor: str
    field: str
    old: str | None
    new: str | None
    comment: str = ""


class Head(msgspec.Struct, frozen=True, gc=False):
    """The end of a chain: how long it is, and the hash of its last row (32 bytes; b"" of none)."""

    length: int = 0
    hash: bytes = b""


class Chained(msgspec.Struct, frozen=True, gc=False):
    """An entry in its place in the chain. *salt* None: written by an earlier release."""

    entry: Entry
    sequence: int
    hash: bytes
    salt: bytes | None = None


def chain(entries: Iterable[Entry], head: Head) -> list[Chained]:
    """Append *entries* to the chain that ends in *head*."""
    chained, length, last = [], head.length, head.hash
    for entry in entries:
        length, salt = length + 1, secrets.token_bytes(SALT_BYTES)
        last = next_hash(last, length, entry, salt)
        chained.append(Chained(entry, length, last, salt))
    return chained


def next_hash(head: bytes, sequence: int, entry: Entry, salt: bytes | None = None) -> bytes:
    """32 bytes. Times count as microseconds since the epoch, as PostgreSQL keeps them."""
    at = int(entry.at.timestamp()) * 1_000_000 + entry.at.microsecond
    fields = [
        entry.kind, entry.object_id, sequence, at, entry.actor, entry.field, entry.old, entry.new,
        entry.comment,
    ]  # fmt: skip
    return sha256(head + (salt or b"") + orjson.dumps(fields)).digest()


def first_break(rows: Iterable[Chained], head: bytes) -> int | None:
    """The sequence of the first row of one object's history that does not fit; None: all fit."""
    current, expected = b"", 1
    for row in rows:
        fits = row.sequence == expected
        if not fits or row.hash != next_hash(current, expected, row.entry, row.salt):
            return expected
        current, expected = row.hash, expected + 1
    return None if current == head else expected
