"""Mere repeats: counted against the version of the strand that they know, or refused together."""

from collections.abc import Mapping, Sequence

import asyncpg
import orjson

from gateway.alerts.labels import decode_annotations
from gateway.effects.repeats import Held, Repeat, ReportKey
from gateway.effects.working_set import WorkingSet
from gateway.intake.ledger import Batch, RepeatsMoved
from gateway.moments import later
from gateway.storage.postgres.kernel.working_set import SQL

Versioned = tuple[Repeat, int]

AT_ONCE = 1_000
"""Rows in one statement: encoding them keeps the event loop busy, so it must be short."""


def repeats_of(batch: Batch, tenant: int, rows: WorkingSet) -> list[Versioned]:
    """The tenant's repeats in the order of their strands, each with the version it must meet.

    A strand whose alert was news in this very batch has moved under our own lock: its repeats
    count against where it stands now, unless it had moved elsewhere before; then they meet no row.
    """
    repeats = batch.repeats.get(tenant, {})
    return [(repeats[key], _version(repeats[key], rows)) for key in sorted(repeats)]


def _version(repeat: Repeat, rows: WorkingSet) -> int:
    strand, known = repeat.identity.strand, repeat.known.version
    return rows.strands[strand].version if rows.loaded_versions.get(strand) == known else known


async def credit_repeats(
    connection: asyncpg.Connection,
    tenant: int,
    repeats: Sequence[Versioned],
    held: Mapping[ReportKey, Held],
) -> None:
    """Raises RepeatsMoved, and the transaction must be undone, if one of them meets no row.

    What was *held* of the same reports before is credited with them: it repeats the same.
    """
    if not repeats:
        return
    await _describe(connection, tenant, repeats)
    for start in range(0, len(repeats), AT_ONCE):
        some = repeats[start : start + AT_ONCE]
        await _lock(connection, tenant, some)
        await _credit(connection, tenant, [repeat for repeat, _ in some], held)


async def _lock(connection: asyncpg.Connection, tenant: int, repeats: Sequence[Versioned]) -> None:
    strands = [repeat.identity.strand for repeat, _ in repeats]
    versions = [version for _, version in repeats]
    moved = await connection.fetch(SQL["lock_repeated"], tenant, strands, versions)
    if moved:
        raise RepeatsMoved(
            "strands have changed elsewhere", strands=tuple((tenant, row["s"]) for row in moved)
        )


async def _credit(
    connection: asyncpg.Connection,
    tenant: int,
    repeats: Sequence[Repeat],
    held: Mapping[ReportKey, Held],
) -> None:
    before = [_held_before(tenant, repeat, held) for repeat in repeats]
    await connection.execute(
        SQL["credit_repeats"],
        tenant,
        [repeat.identity.strand for repeat in repeats],
        [repeat.identity.source for repeat in repeats],
        [repeat.count for repeat in repeats],
        [repeat.received_at for repeat in repeats],
        [repeat.known.firing for repeat in repeats],
        [repeat.unstarted_at for repeat in repeats],
        [repeat.lease_until for repeat in repeats],
        [repeat.known.outcome for repeat in repeats],
        [born for born, _ in before],
        [count for _, count in before],
    )


def _held_before(tenant: int, repeat: Repeat, held: Mapping[ReportKey, Held]) -> tuple[int, int]:
    """Its counter, by name and value; what is the greatest of times and leases goes with it."""
    one = held.get((tenant, repeat.identity.strand, repeat.identity.source)) if held else None
    if one is None:
        return 0, 0
    repeat.received_at = later(repeat.received_at, one.received_at) or repeat.received_at
    repeat.lease_until = later(repeat.lease_until, one.lease_until)
    repeat.unstarted_at = later(repeat.unstarted_at, one.unstarted_at)
    return one.born, one.count


async def _describe(
    connection: asyncpg.Connection, tenant: int, repeats: Sequence[Versioned]
) -> None:
    """Annotations that changed: the latest for each alert, in the order of the locks."""
    texts = {
        repeat.identity.fingerprint: repeat.annotations
        for repeat, _ in repeats
        if repeat.annotations is not None
    }
    if texts:
        keys = sorted(texts)
        decoded = [orjson.dumps(decode_annotations(texts[key])).decode() for key in keys]
        await connection.execute(SQL["describe_alerts"], tenant, keys, decoded)
