"""The `Ledger` of a pipeline in memory: whole batches or nothing, and a position."""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime

from gateway.effects.sighting import apply_sighting
from gateway.intake.ledger import Applied, Batch, DeadLetter, PositionMoved, RepeatsMoved
from gateway.storage.postgres.ledger.confirmations import confirmations
from tests.intake.in_memory import MemoryLedger


@dataclass
class PipelineLedger:
    """Of one tenant."""

    tables: MemoryLedger = field(default_factory=MemoryLedger)
    letters: list[DeadLetter] = field(default_factory=list)
    applied: int = 0
    """The position of the only journal."""

    async def position(self, journal_id: str) -> int:
        return self.applied

    async def heartbeat(self, journal_id: str, drained_at: datetime) -> None:
        pass

    async def finish(self, journal_id: str) -> None:
        pass

    async def finish_predecessors(self, journal_id: str) -> None:
        pass

    async def apply(self, batch: Batch) -> Applied:
        if batch.after != self.applied:
            raise PositionMoved("elsewhere", position=self.applied)
        tables = deepcopy(self.tables)
        applied = self._apply(tables, batch)
        self.tables, self.applied = tables, batch.last
        self.letters += batch.dead
        applied.dead = Counter(letter.reason for letter in batch.dead)
        return applied

    def _apply(self, tables: MemoryLedger, batch: Batch) -> Applied:
        news = batch.news.get(1, [])
        rows = tables.load(
            (summed.identity.fingerprint for summed in news),
            (summed.identity.merge_key for summed in news),
        )
        repeats = list(batch.repeats.get(1, {}).values())
        moved = [
            (1, one.identity.strand)
            for one in repeats
            if tables.strands[one.identity.strand].version != one.known.version
        ]
        if moved:
            raise RepeatsMoved("changed elsewhere", strands=tuple(moved))
        for summed in news:
            apply_sighting(rows, summed)
        if news:
            tables.save(rows, int(news[-1].received_at.timestamp() * 1_000_000))
        for repeat in repeats:
            tables.credit(repeat)
        return Applied(confirmed=dict(confirmations(batch, 1, rows)))
