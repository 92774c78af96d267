"""Dead letters as people read them."""

from gateway.intake.delivery.letters import LetterFilter, LetterPosition, LetterView
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.statements import load

SQL = load("letters")


class LetterQueries:
    """Reads of one tenant's dead letters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        tenant: int,
        narrowed: LetterFilter,
        after: LetterPosition | None,
        limit: int,
        raw_bytes: int,
    ) -> list[LetterView]:
        """Those that wait, newest first; of each at most *raw_bytes*."""
        keys = None if narrowed.keys is None else list(narrowed.keys)
        async with self._database.tenant(tenant) as transaction:
            found = await transaction.driver.fetch(
                SQL["page"],
                tenant,
                narrowed.source,
                narrowed.reason,
                None if keys is None else [source for source, _ in keys],
                None if keys is None else [digest for _, digest in keys],
                *(after or (None, None, None)),
                raw_bytes,
                limit,
            )
        return [LetterView(**dict(row)) for row in found]
