"""Gauges that must be looked up: journal, identity cache, ledger."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from gateway.intake.journal import JournalHealth
from gateway.metrics import Metrics


class Gauges:
    """Sets the gauges of one process."""

    def __init__(
        self,
        metrics: Metrics,
        journal: JournalHealth,
        identities: Callable[[], tuple[int, int]],
        ledger_available: Callable[[], bool],
        progress_made_at: Callable[[], datetime],
        silences: Callable[[], Mapping[str, int]],
    ) -> None:
        """*identities* gives misses so far and bytes held."""
        self._metrics = metrics
        self._journal = journal
        self._identities = identities
        self._ledger_available = ledger_available
        self._progress_made_at = progress_made_at
        self._silences = silences
        self._misses = 0

    async def turn(self) -> bool:
        """Never more to do. For scrapes that another process answers."""
        self.refresh()
        for state, count in self._silences().items():
            self._metrics.silences.labels(state).set(count)
        return False

    def refresh(self) -> None:
        """Set them all to what holds now: a scrape that this process answers is exact."""
        metrics, journal = self._metrics, self._journal
        metrics.journal_unapplied_bytes.set(journal.unapplied_bytes)
        metrics.journal_unapplied_records.set(journal.unapplied_records)
        oldest = journal.oldest_unapplied_at
        metrics.journal_oldest_unapplied_timestamp_seconds.set(
            math.inf if oldest is None else oldest.timestamp()
        )
        metrics.journal_writable.set(journal.writable)
        metrics.ledger_available.set(self._ledger_available())
        metrics.pipeline_progress_timestamp_seconds.set(self._progress_made_at().timestamp())
        misses, held = self._identities()
        metrics.identity_cache_misses_total.inc(max(0, misses - self._misses))
        metrics.identity_cache_bytes.set(held)
        self._misses = misses
