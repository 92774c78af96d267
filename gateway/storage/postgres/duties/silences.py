"""What fires, brought up to the silences of the moment, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.silences.book import SilenceBook
from gateway.silences.silence import EndedSilence
from gateway.storage.postgres.duties.visits import MOST, Visits
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.statements import load
from gateway.upkeep.silences import FollowSilences, Labelled, SilencesStand, turned

SQL = load("duties/silences")


@dataclass(frozen=True, slots=True)
class PostgresVerdicts:
    """See `VerdictStore`."""

    visits: Visits
    book: SilenceBook
    most: int = MOST

    async def stand(self, now: datetime) -> list[SilencesStand]:
        """See `VerdictStore`."""
        return [SilencesStand(*row.values()) for row in await self.visits.ask(SQL["due"], now)]

    async def ended(self, tenant: int, now: datetime) -> list[EndedSilence]:
        """See `VerdictStore`."""
        found = await self.visits.look(tenant, SQL["unsettled"], now)
        return [EndedSilence(row["id"], row["ends_at"]) for row in found]

    async def judge(
        self, tenant: int, now: datetime, after: bytes, *, silenced: bool
    ) -> bytes | None:
        """See `VerdictStore`."""

        async def find(transaction: Transaction) -> FollowSilences | None:
            page = await transaction.driver.fetch(
                SQL["firing_strands"], tenant, silenced, after, self.most
            )
            if not page:
                return None
            found, silences = [Labelled(*row.values()) for row in page], self.book.of(tenant)
            alerts = turned(found, silences, now, silenced=silenced)
            return FollowSilences(alerts, found[-1].strand, silences)

        piece = await self.visits.visit(tenant, now, find)
        return None if piece is None else piece.last

    async def settle(self, tenant: int, ids: Sequence[UUID], now: datetime) -> None:
        """See `VerdictStore`."""
        await self.visits.look(tenant, SQL["settle"], list(ids), now)
