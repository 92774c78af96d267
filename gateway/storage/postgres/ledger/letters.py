"""Dead letters: raw bytes and the reason, one row for all that are equal."""

from collections.abc import Sequence

import asyncpg
import xxhash

from gateway.intake.ledger import Batch, DeadLetter, LettersGone
from gateway.storage.postgres.kernel.working_set import SQL
from gateway.storage.postgres.statements import load

LETTERS_SQL = load("letters")
MAX_RAW_BYTES = 1024 * 1024
MAX_ERROR_CHARACTERS = 2000


async def save_dead_letters(
    connection: asyncpg.Connection, tenant: int, letters: Sequence[DeadLetter]
) -> None:
    """Adds up what is equal: the same bytes refused for the same reason."""
    rows: dict[tuple[str, bytes], list[DeadLetter]] = {}
    for letter in letters:
        if letter.tenant == tenant:
            digest = xxhash.xxh3_128_digest(letter.reason.encode() + b"\0" + letter.raw)
            rows.setdefault((letter.source, digest), []).append(letter)
    if not rows:
        return
    keys = sorted(rows)
    firsts = [rows[key][0] for key in keys]
    await connection.execute(
        SQL["save_dead_letters"],
        tenant,
        [key[0] for key in keys],
        [key[1] for key in keys],
        [letter.reason for letter in firsts],
        [_text(letter.error) for letter in firsts],
        [letter.raw[:MAX_RAW_BYTES] for letter in firsts],
        [sum(letter.count for letter in rows[key]) for key in keys],
        [letter.batch for letter in firsts],
        [letter.at for letter in firsts],
        [rows[key][-1].at for key in keys],
    )


async def mark_replayed(connection: asyncpg.Connection, tenant: int, batch: Batch) -> None:
    """Raises LettersGone for those that somebody was faster with."""
    again = sorted(
        (source, digest, at)
        for (owner, source, digest), at in batch.replayed.items()
        if owner == tenant
    )
    if not again:
        return
    columns = [list(column) for column in zip(*again, strict=True)]
    marked = await connection.fetch(LETTERS_SQL["mark_replayed"], tenant, *columns)
    wanted = {(tenant, source, digest) for source, digest, _ in again}
    gone = wanted - {(tenant, row["source"], row["digest"]) for row in marked}
    if gone:
        raise LettersGone("dead letters were taken in again before", letters=frozenset(gone))


def _text(error: str) -> str:
    # An error quotes what was sent: the same traps as in a label.
    clean = error.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return clean[:MAX_ERROR_CHARACTERS]
