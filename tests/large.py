"""A ticket with as many alerts as a bad night brings, made in bulk beside the pipeline."""

from datetime import timedelta

import asyncpg

from gateway.alerts.rule import Rule
from gateway.history.chain import Entry, Head, chain
from gateway.storage.postgres.kernel import rows as row
from tests.world import START, World, firing

RULE = Rule("team", group_by=("team",))

_COPIES = """
CREATE TEMP TABLE copies AS
SELECT n, '\\x' || md5(n::text) AS key FROM generate_series(2, {count}) AS n;
INSERT INTO alerts SELECT copy.* FROM alerts AS one, copies, LATERAL
    jsonb_populate_record(one, jsonb_build_object('fingerprint', key,
        'labels', labels || jsonb_build_object('instance', n::text))) AS copy;
INSERT INTO strands SELECT copy.* FROM strands AS one, copies, LATERAL
    jsonb_populate_record(one, jsonb_build_object('fingerprint', key, 'strand', key,
        'labels', labels || jsonb_build_object('instance', n::text))) AS copy;
INSERT INTO reports SELECT copy.* FROM reports AS one, copies, LATERAL
    jsonb_populate_record(one, jsonb_build_object('strand', key)) AS copy;
INSERT INTO episodes SELECT copy.* FROM episodes AS one, copies, LATERAL
    jsonb_populate_record(one, jsonb_build_object('fingerprint', key)) AS copy;
INSERT INTO ticket_alerts SELECT copy.* FROM ticket_alerts AS one, copies, LATERAL
    jsonb_populate_record(one, jsonb_build_object('fingerprint', key,
        'joined_at', joined_at + (n / 3 + 1) * interval '1 millisecond')) AS copy;
UPDATE windows SET firing = {count};
UPDATE tickets SET firing = {count}, episodes = {count};
ANALYZE alerts, strands, reports, ticket_alerts;
"""
"""Three alerts joined at each moment: a page ends between two that differ by fingerprint alone."""


async def large_ticket(url: str, count: int) -> str:
    """The id of a live ticket with *count* firing alerts, each with its entry in the history."""
    async with World(url, rules=[RULE]) as world:
        await world.send(firing("CPU", team="db", instance="1"))
        (ticket,) = await world.all_tickets()
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_COPIES.format(count=count))
        await _write_history(connection, ticket, count)
    finally:
        await connection.close()
    return str(ticket["id"])


async def _write_history(
    connection: asyncpg.Connection, ticket: asyncpg.Record, count: int
) -> None:
    entries = [
        Entry(
            "ticket", ticket["id"], START + timedelta(milliseconds=n), "system", "alerts",
            None, str(n),
        )
        for n in range(2, count + 1)
    ]  # fmt: skip
    chained = chain(entries, Head(ticket["history_length"], ticket["history_head"]))
    await connection.execute(*row.HISTORY.insert(1, chained))
    await connection.execute(
        "UPDATE tickets SET history_length = $1, history_head = $2",
        chained[-1].sequence,
        chained[-1].hash,
    )
