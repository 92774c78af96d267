"""Mere repeats: counted against the version of the strand that they know, or refused together."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg
import orjson

from gateway.alerts.labels import decode_annotations
from gateway.intake.absorber import Held, ReportKey
from gateway.intake.ledger import Batch, Repeat, RepeatsMoved
from gateway.intake.working_set import WorkingSet
from gateway.storage.postgres.held import take_held
from gateway.storage.postgres.working_set import SQL
from gateway.windows.times import later

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
    before = _held_of(tenant, repeats, held)
    await _describe(connection, tenant, repeats)
    for several in _apart(repeats):
        for start in range(0, len(several), AT_ONCE):
            await _credit(connection, tenant, several[start : start + AT_ONCE])
    await take_held(connection, tenant, before, count=True)
    for start in range(0, len(repeats), AT_ONCE):
        await _refresh(connection, tenant, repeats[start : start + AT_ONCE])


def _held_of(
    tenant: int, repeats: Sequence[Versioned], held: Mapping[ReportKey, Held]
) -> dict[ReportKey, Held]:
    """Of these repeats; what is the greatest of times and leases goes into them."""
    found: dict[ReportKey, Held] = {}
    for repeat, _ in repeats if held else ():
        key = (tenant, repeat.identity.strand, repeat.identity.source)
        one = held.get(key)
        if one is not None:
            found[key] = one
            repeat.received_at = later(repeat.received_at, one.received_at) or repeat.received_at
            repeat.lease_until = later(repeat.lease_until, one.lease_until)
            repeat.unstarted_at = later(repeat.unstarted_at, one.unstarted_at)
    return found


async def _credit(
    connection: asyncpg.Connection, tenant: int, repeats: Sequence[Versioned]
) -> None:
    strands = [repeat.identity.strand for repeat, _ in repeats]
    versions = [version for _, version in repeats]
    credited = await connection.fetchval(
        SQL["credit_repeats"],
        tenant,
        strands,
        versions,
        [repeat.count for repeat, _ in repeats],
        [_if(repeat.known.firing, repeat) for repeat, _ in repeats],
        [_if(not repeat.known.firing, repeat) for repeat, _ in repeats],
        [repeat.unstarted_at for repeat, _ in repeats],
        [repeat.lease_until for repeat, _ in repeats],
        [repeat.known.outcome for repeat, _ in repeats],
    )
    if credited != len(repeats):
        still = await connection.fetch(SQL["unmoved_strands"], tenant, strands, versions)
        moved = set(strands) - {row["strand"] for row in still}
        raise RepeatsMoved(
            "strands have changed elsewhere", strands=tuple((tenant, key) for key in moved)
        )


async def _refresh(
    connection: asyncpg.Connection, tenant: int, repeats: Sequence[Versioned]
) -> None:
    await connection.execute(
        SQL["refresh_reports"],
        tenant,
        [repeat.identity.strand for repeat, _ in repeats],
        [repeat.identity.source for repeat, _ in repeats],
        [repeat.received_at for repeat, _ in repeats],
        [repeat.lease_until for repeat, _ in repeats],
    )


def _if(condition: bool, repeat: Repeat) -> datetime | None:
    return repeat.received_at if condition else None


def _apart(repeats: Sequence[Versioned]) -> list[list[Versioned]]:
    """Rounds in which no strand stands twice: one UPDATE moves a row only once."""
    rounds: list[list[Versioned]] = [[]]
    last, depth = b"", 0
    for one in repeats:  # sorted: two sources of one strand stand side by side
        depth = depth + 1 if one[0].identity.strand == last else 0
        last = one[0].identity.strand
        while len(rounds) <= depth:
            rounds.append([])
        rounds[depth].append(one)
    return rounds


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
