"""A pipeline whose journal and ledger are in memory, and a journal's worth of records."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import orjson
from prometheus_client import CollectorRegistry

from gateway.alerts.identity import IdentityCache
from gateway.backoff import BackOff
from gateway.config import load
from gateway.intake.batch.pace import PipelineOptions
from gateway.intake.delivery.checker import Checker
from gateway.intake.journal import Record
from gateway.intake.pipeline import Pipeline
from gateway.intake.queue import RecordQueue
from gateway.metrics import Metrics
from gateway.silences.book import SilenceBook, TenantSilences
from gateway.silences.silence import Silence
from gateway.workers.supervisor import Supervisor, Worker
from matchers import parse
from tests.alerts.identities import identifier
from tests.intake.faults import POISON
from tests.intake.ledger_in_memory import PipelineLedger
from tests.world import START, at

QUICK = PipelineOptions(max_delay_seconds=0.01, pace_seconds=0, heartbeat_seconds=0.01)


@dataclass
class Journal:
    """Committed records in memory."""

    pipeline: Pipeline
    records: list[Record] = field(default_factory=list)
    waiting: RecordQueue = field(init=False)

    def __post_init__(self) -> None:
        # One byte: what follows the first record is read back, and so checked on the way.
        self.waiting = RecordQueue(self.read, self.pipeline.check, max_bytes=1)

    async def read(self, after: int, limit_bytes: int) -> Sequence[Record]:
        return [record for record in self.records if record.seq > after]

    async def trim(self, applied: int) -> None:
        pass

    def take(self, minute: float, source: str, body: object) -> None:
        """Durable, and handed on."""
        raw = orjson.dumps(body)
        record = Record(len(self.records) + 1, at(minute), 1, source, raw)
        checker = self.pipeline.checker
        checked = checker.check(checker.source(source), 1, raw, record.received_at)
        self.records.append(record)
        self.waiting.committed([(record, checked)])


def fill(journal: Journal, case: str) -> None:
    """Nine sightings and a broken item of two sources; two are of the poisonous alert."""

    def alert(name: str, **more: object) -> dict[str, object]:
        return {"labels": {"alertname": name, "case": case}, **more}

    ended = {"startsAt": START.isoformat(), "endsAt": at(2).isoformat()}
    journal.take(0, "custom", [alert("One"), alert("Silenced")])
    journal.take(0, "custom", alert(POISON))
    journal.take(0, "prometheus", [alert("Other", startsAt=START.isoformat())])
    journal.take(1, "custom", [alert("One"), {"labels": {"alertname": "Broken"}, "status": case}])
    journal.take(1, "custom", alert(POISON))
    journal.take(1, "prometheus", [alert("Other", startsAt=START.isoformat())])
    journal.take(2, "custom", alert("One", status="resolved"))
    journal.take(3, "prometheus", [alert("Other", **ended)])


async def drain(journal: Journal, name: str) -> None:
    """As in production: turn by turn, until everything is in the ledger."""
    finished = asyncio.Event()

    async def turn() -> bool:
        await journal.pipeline.follow(name, journal.waiting, journal.trim)
        finished.set()
        return False

    journal.waiting.close()
    back_off = BackOff(first_seconds=0.001, longest_seconds=0.01)
    worker = Worker("intake", turn, 60)
    metrics = Metrics(CollectorRegistry())
    async with Supervisor([worker], metrics, back_off=back_off), asyncio.timeout(20):
        await finished.wait()


def a_silence() -> Silence:
    return Silence(
        id=UUID(int=1), matchers=parse('{alertname="Silenced"}'), starts_at=START,
        ends_at=START + timedelta(days=1), author="anna", comment="", created_at=START,
        updated_at=START,
    )  # fmt: skip


def pipeline_in_memory() -> tuple[Pipeline, PipelineLedger]:
    ledger, book = PipelineLedger(), SilenceBook()
    book.put(1, TenantSilences(1, [a_silence()]))

    async def read_silences(tenant: int) -> None:
        pass

    pipeline = Pipeline(
        ledger=ledger,
        checker=Checker(load(None).sources, IdentityCache(identifier(()))),
        book=book,
        read_silences=read_silences,
        clock=lambda: START,
        observe=lambda batch, applied, seconds: None,
        options=QUICK,
    )
    return pipeline, ledger
