"""The verdict: what the ledger holds against what the history says it must hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from gateway.storage.postgres.kernel.connect import create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.queries.audit import broken_histories
from tests.torture.history import History, Sent
from tests.torture.reference import Expected, fold, letters

STRANDS = "SELECT labels::text, firing, expired, fired_at, resolved_at, occurrences FROM strands"
ALERTS = "SELECT labels::text, status FROM alerts"
TWO_LIVE = """
SELECT merge_key FROM tickets WHERE status IN ('open', 'in_progress', 'pending')
GROUP BY tenant_id, merge_key HAVING count(*) > 1 AND merge_key IS NOT NULL
"""
UNHEARD = """
SELECT alerts.labels::text FROM alerts
LEFT JOIN tickets ON tickets.tenant_id = alerts.tenant_id AND tickets.id = alerts.ticket_id
WHERE alerts.status = 'firing' AND NOT alerts.silenced
  AND coalesce(alerts.quiet_until, '-infinity') <= now()
  AND coalesce(tickets.status, '') NOT IN ('open', 'in_progress', 'pending')
"""
IDLE = """
SELECT tickets.number FROM tickets
WHERE tickets.status IN ('open', 'in_progress', 'pending') AND NOT EXISTS (
    SELECT FROM alerts WHERE alerts.tenant_id = tickets.tenant_id AND alerts.ticket_id = tickets.id
                         AND alerts.status <> 'resolved')
"""
POISON = "SELECT raw FROM dead_letters WHERE reason = 'poison'"
SEAL = "alertname=Seal/request="
SEALED = re.compile(rb'"Seal", *"request": *"([^"]+)"')
SHOWN = 5
"""Examples of each kind of violation."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far counts may be off; both 0 without Redis."""

    missing: int = 0
    surplus: int = 0


@dataclass(slots=True)
class Ledger:
    """Everything that is looked at, read in one transaction."""

    strands: dict[str, Row]
    alerts: dict[str, Row]
    letters: int
    poison: set[str]
    """Names of the requests that are dead letters as a whole: killed again and again at each, a
    gateway takes them for the reason.
    """
    two_live: list[Row]
    unheard: list[Row]
    idle: list[Row]

    @property
    def taken(self) -> set[str]:
        """Names of the requests whose seals are here."""
        return {key.removeprefix(SEAL) for key in self.strands if key.startswith(SEAL)}


@dataclass(slots=True)
class Verdict:
    """*violations* name what must never be; empty: all is as it must be."""

    violations: list[str]
    lost: int
    doubled: int
    missing: int
    surplus: int
    alerts: int


async def read(database: str) -> Ledger:
    """*database* is a superuser's URL: no isolation hides anything."""
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            return Ledger(
                strands={_key(row): row for row in await connection.fetch(STRANDS)},
                alerts={_key(row): row for row in await connection.fetch(ALERTS)},
                letters=await connection.fetchval(
                    "SELECT coalesce(sum(count), 0)::bigint FROM dead_letters"
                ),
                poison={_sealed(row["raw"]) for row in await connection.fetch(POISON)},
                two_live=await connection.fetch(TWO_LIVE),
                unheard=await connection.fetch(UNHEARD),
                idle=await connection.fetch(IDLE),
            )
    finally:
        await connection.close()


def judge(history: History, ledger: Ledger, bounds: Bounds) -> Verdict:
    """Compare; nothing here waits or asks."""
    taken = ledger.taken
    kept = taken | ledger.poison
    lost = [sent.name for sent in history.answered if sent.name not in kept]
    expected = fold(history.requests, taken)
    off = {
        key: ledger.strands[key]["occurrences"] - one.sightings
        for key, one in expected.items()
        if key in ledger.strands
    }
    less = {key: -value for key, value in off.items() if value < 0}
    more = {key: value for key, value in off.items() if value > 0}
    missing, surplus = sum(less.values()), sum(more.values())
    wanted = letters(history.requests, taken) + len(ledger.poison - taken)
    found = {
        "answered 2xx and not in the ledger": lost,
        "refused and yet in the ledger": _refused(history.requests, taken),
        "in the ledger and never sent": sorted(ledger.strands.keys() - expected.keys()),
        "sent and taken, and not in the ledger": sorted(expected.keys() - ledger.strands.keys()),
        "strand is not what was said of it": _wrong_strands(ledger, expected),
        "alert is not what its strand is": _wrong_alerts(ledger, expected),
        "two live tickets for one merge key": [row["merge_key"].hex() for row in ledger.two_live],
        "fires, held back by nothing, without a live ticket": [_key(row) for row in ledger.unheard],
        "live ticket on which nothing fires": [str(row["number"]) for row in ledger.idle],
    }
    violations = [f"{what}: {_some(which)}" for what, which in found.items() if which]
    if missing > bounds.missing:
        violations.append(f"{missing} were not counted, {bounds.missing} may be: {_worst(less)}")
    if surplus > bounds.surplus:
        violations.append(f"{surplus} were counted twice, {bounds.surplus} may be: {_worst(more)}")
    if ledger.letters != wanted:
        violations.append(f"{ledger.letters} dead letters instead of {wanted}")
    doubled = len(ledger.two_live) + sum(f"{SEAL}{name}" in more for name in taken)
    answered = sum(len(one.said) for one in history.answered)
    return Verdict(violations, len(lost), doubled, missing, surplus, answered)


async def audited(database: str) -> list[str]:
    """Histories whose chain of hashes is broken."""
    # Silences still end, and their tickets go on: one picture of all.
    engine = create_engine(database).execution_options(isolation_level="REPEATABLE READ")
    try:
        broken = await broken_histories(Database(engine), 1)
    finally:
        await engine.dispose()
    return [f"history of {one.kind} {one.object_id} is broken at {one.sequence}" for one in broken]


def _refused(requests: Sequence[Sent], taken: set[str]) -> list[str]:
    """A 5xx may have come too late for what was in the journal already; any other must not."""
    refused = (sent for sent in requests if sent.status not in (None, 200))
    return [sent.name for sent in refused if sent.name in taken and (sent.status or 0) < 500]


def _wrong_strands(ledger: Ledger, expected: Mapping[str, Expected]) -> list[str]:
    wrong = []
    for key, one in expected.items():
        row = ledger.strands.get(key)
        if row is None:
            continue
        found = (row["firing"], row["expired"], row["fired_at"], row["resolved_at"])
        if found != (one.fires, False, one.began, one.ended):
            wrong.append(f"{key} is {found}, not {(one.fires, False, one.began, one.ended)}")
    return wrong


def _wrong_alerts(ledger: Ledger, expected: Mapping[str, Expected]) -> list[str]:
    wrong = []
    for key, one in expected.items():
        row = ledger.alerts.get(key)
        wanted = "firing" if one.fires else "resolved"
        if row is None or row["status"] != wanted:
            wrong.append(f"{key} is {row and row['status']}, not {wanted}")
    return wrong


def _sealed(raw: bytes) -> str:
    found = SEALED.search(raw)
    assert found is not None, raw
    return found[1].decode()


def _worst(off: Mapping[str, int]) -> str:
    worst = sorted(off.items(), key=lambda item: -item[1])[:SHOWN]
    return ", ".join(f"{key}: {value}" for key, value in worst)


def _some(which: Sequence[str]) -> str:
    shown = "; ".join(which[:SHOWN])
    return f"{len(which)} ({shown}{' …' if len(which) > SHOWN else ''})"


def _key(row: Row) -> str:
    labels: dict[str, str] = orjson.loads(row["labels"])
    return "/".join(f"{name}={value}" for name, value in sorted(labels.items()))
