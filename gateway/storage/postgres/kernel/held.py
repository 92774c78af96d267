"""What was held back in Redis: credited to the ledger once, however often it is brought."""

from collections.abc import Mapping

import asyncpg

from gateway.effects.repeats import Held, ReportKey
from gateway.effects.working_set import WorkingSet
from gateway.storage.postgres.statements import load

SQL = load("ledger")
TICKET_SQL = load("tickets")


async def take_held(
    connection: asyncpg.Connection, tenant: int, held: Mapping[ReportKey, Held]
) -> dict[ReportKey, int]:
    """How many of each were not credited before; now they are. The strands must be locked."""
    if not held:
        return {}
    keys = sorted(held)
    found = await connection.fetch(
        SQL["take_held"],
        tenant,
        [strand for _, strand, _ in keys],
        [source for _, _, source in keys],
        [held[key].born for key in keys],
        [held[key].count for key in keys],
        [held[key].received_at for key in keys],
        [held[key].lease_until for key in keys],
    )
    return {(tenant, row["strand"], row["source"]): row["more"] for row in found}


async def voided_reports(connection: asyncpg.Connection, rows: WorkingSet) -> dict[ReportKey, int]:
    """Every report of the strands whose version has moved, with that version. Call after saving."""
    versions = {
        strand.strand: strand.version
        for fingerprint in rows.voided_alerts
        for strand in rows.strands_of.get(fingerprint, ())
        if strand.strand not in rows.new_strands
    }
    voided: dict[ReportKey, int] = {}
    if versions:
        found = await connection.fetch(SQL["reports_of"], rows.tenant, list(versions))
        for row in found:
            voided[rows.tenant, row["strand"], row["source"]] = versions[row["strand"]]
    if rows.following is not None:
        ticket_id = rows.following.ticket_id
        for row in await connection.fetch(TICKET_SQL["reports_on"], rows.tenant, ticket_id):
            voided[rows.tenant, row["strand"], row["source"]] = row["version"]
    return voided
