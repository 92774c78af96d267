"""Counts of what stands, of all tenants together."""

from dataclasses import dataclass

from gateway.storage.postgres.duties.visits import Visits
from gateway.storage.postgres.statements import load
from gateway.tickets.standing import Standing

SQL = load("duties/census")


@dataclass(frozen=True, slots=True)
class PostgresCensus:
    """See `CensusStore`."""

    visits: Visits

    async def standing(self) -> Standing:
        """See `CensusStore`."""
        counts = {row["priority"]: row["count"] for row in await self.visits.ask(SQL["standing"])}
        firing = counts.pop(None)
        return Standing(counts, firing)
