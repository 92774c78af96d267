"""Rehearsals: the ledger's own transaction, undone at its end."""

from collections.abc import Sequence

from gateway.effects.sighting import apply_sighting
from gateway.effects.working_set import WorkingSet
from gateway.intake.explain import Rehearsed
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.working_set import load_for_sightings
from gateway.windows.sightings import Summed


class PostgresRehearsal:
    """See `Rehearsal`. Rows are locked for a moment, and nothing is written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rehearse(self, tenant: int, sightings: Sequence[Summed]) -> Sequence[Rehearsed]:
        """See `Rehearsal`."""

        async def attempt(transaction: Transaction) -> list[Rehearsed]:
            identities = [one.identity for one in sightings]
            rows = await load_for_sightings(transaction.driver, tenant, identities)
            return [_rehearse(rows, one) for one in sightings]

        return await self._database.retrying(tenant, attempt)


def _rehearse(rows: WorkingSet, summed: Summed) -> Rehearsed:
    outcome = apply_sighting(rows, summed)
    alert = rows.alerts[rows.strands[summed.identity.strand].fingerprint]
    ticket = rows.tickets.get(alert.ticket_id) if alert.ticket_id else None
    opened = ticket is not None and ticket.id in rows.new_tickets
    return Rehearsed(outcome, ticket, opened, alert.quiet_until)
