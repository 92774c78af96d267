"""A pipeline on a real database with a clock of the test's: what the ledger's laws are tried on."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from gateway.alerts.identity import Identifier, IdentityCache
from gateway.alerts.ignored import IgnoredLabels
from gateway.alerts.rule import DEFAULT_RULE, Rule
from gateway.alerts.severity import DEFAULT_WORDS
from gateway.alerts.sighting import Sighting
from gateway.config import load
from gateway.events.routing import Route
from gateway.intake.absorber import Absorber, NothingHeld
from gateway.intake.delivery.checker import Checked, Checker
from gateway.intake.journal import Record
from gateway.intake.ledger import Applied, Batch
from gateway.intake.pipeline import Pipeline
from gateway.silences.book import SilenceBook
from gateway.storage.postgres.duties.census import PostgresCensus
from gateway.storage.postgres.duties.closing import PostgresClosing
from gateway.storage.postgres.duties.flush import PostgresFlush
from gateway.storage.postgres.duties.journals import PostgresJournals
from gateway.storage.postgres.duties.leases import PostgresLeases
from gateway.storage.postgres.duties.quiets import PostgresQuiets
from gateway.storage.postgres.duties.retention import PostgresRetention
from gateway.storage.postgres.duties.silences import PostgresVerdicts
from gateway.storage.postgres.duties.visits import Visits
from gateway.storage.postgres.kernel.connect import PIPELINE, connect, create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.ledger.ledger import PostgresLedger
from gateway.storage.postgres.nouns.silences import PostgresSilences
from gateway.storage.postgres.workflows import TenantWorkflows
from gateway.workers.flush import Flush
from tests.people import People

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SEED = bytes(range(32))


def at(minutes: float) -> datetime:
    """*minutes* after the world began."""
    return START + minutes * MINUTE


class World:
    """One process of the gateway without its doors. Several may share a database."""

    def __init__(
        self,
        url: str,
        *,
        journal: str = "journal",
        rules: Sequence[Rule] = (),
        routes: Sequence[Route] = (),
        ignore: Iterable[str] = (),
        absorber: Absorber | None = None,
        tenant: int = 1,
    ) -> None:
        self.url, self.journal, self.tenant, self.now = url, journal, tenant, START
        self.rules = {rule.name: rule for rule in rules}
        ignored = IgnoredLabels(frozenset(ignore))
        identities = IdentityCache(Identifier(SEED, tuple(rules), DEFAULT_WORDS, ignored))
        self.sources = load(None).sources
        self.checker = Checker(self.sources, identities)
        self.identities = identities
        self.book = SilenceBook()
        self.absorber = absorber or NothingHeld()
        self.database = Database(create_engine(url), self.absorber.void)
        self.silences = PostgresSilences(self.database, self.book)
        workflows = TenantWorkflows(timedelta(minutes=60))
        self.ledger = PostgresLedger(
            lambda: connect(url, purpose=PIPELINE),
            routes,
            tells_voided=absorber is not None,
            workflows=workflows,
        )
        self.people = People(self.database, self.silences, routes, self.rule_named, workflows)
        visits = Visits(self.database, routes, self.rule_named, workflows)
        self.journals = PostgresJournals(self.database)
        self.leases = PostgresLeases(visits)
        self.quiets = PostgresQuiets(visits, self.book)
        self.verdicts = PostgresVerdicts(visits, self.book)
        self.closing = PostgresClosing(visits)
        self.retention = PostgresRetention(visits)
        self.census = PostgresCensus(visits)
        self.flush = Flush(self.absorber, PostgresFlush(visits), lambda: self.now)
        self.applied: list[Applied] = []
        self.pipeline = Pipeline(
            ledger=self.ledger,
            checker=self.checker,
            book=self.book,
            read_silences=lambda tenant: self.silences.refresh(tenant, self.now),
            clock=lambda: self.now,
            observe=self._observe,
            absorber=self.absorber,
        )
        self.position = self.sequence = 0

    def _observe(self, batch: Batch, applied: Applied, seconds: float) -> None:
        self.applied.append(applied)

    def rule_named(self, name: str) -> Rule:
        return self.rules.get(name, DEFAULT_RULE)

    async def __aenter__(self) -> "World":
        await self.silences.refresh(self.tenant, self.now)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.ledger.close()
        await self.database.engine.dispose()

    def record(
        self, sightings: Sequence[Sighting], source: str = "custom"
    ) -> tuple[Record, Checked]:
        """The next record of this process's journal, received now."""
        self.sequence += 1
        record = Record(self.sequence, self.now, self.tenant, source, b"")
        return record, self.checker.identified(source, self.tenant, sightings)

    async def send(self, *sightings: Sighting, source: str = "custom") -> dict[str, int]:
        """One record, applied at once; what became of its sightings."""
        return await self.apply(self.record(sightings, source))

    async def apply(self, *taken: tuple[Record, Checked]) -> dict[str, int]:
        """Records in one batch."""
        self.applied.clear()
        self.position = await self.pipeline.apply_records(self.journal, self.position, taken)
        outcomes = self.applied[-1].outcomes if self.applied else {}
        return {str(name): count for name, count in outcomes.items() if count}

    async def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        """As superuser: row-level security does not bind it."""
        connection = await asyncpg.connect(self.url)
        try:
            return [dict(row) for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()

    async def all_tickets(self) -> list[dict[str, Any]]:
        return await self.rows("SELECT * FROM tickets ORDER BY number")

    async def occurrences(self) -> int:
        return int(
            (await self.rows("SELECT coalesce(sum(occurrences), 0) AS n FROM strands"))[0]["n"]
        )

    async def letters(self) -> int:
        return int(
            (await self.rows("SELECT coalesce(sum(count), 0) AS n FROM dead_letters"))[0]["n"]
        )


def firing(
    name: str = "CPU", *, began: float | None = 0, lease: float | None = None, **labels: str
) -> Sighting:
    """A firing sighting that began *began* minutes after the start (None: it does not say)."""
    return Sighting(
        0,
        True,
        json.dumps({"alertname": name, **labels}).encode(),
        starts_at=None if began is None else at(began),
        lease_until=None if lease is None else at(lease),
    )


def resolved(name: str = "CPU", *, ended: float, began: float = 0, **labels: str) -> Sighting:
    """A resolved sighting."""
    body = json.dumps({"alertname": name, **labels}).encode()
    return Sighting(0, False, body, starts_at=at(began), ends_at=at(ended))
