"""What the pipeline tells metrics about each committed batch."""

from datetime import datetime

from gateway.clock import Clock
from gateway.events.counting import count_tickets
from gateway.intake.ledger import Applied, Batch
from gateway.metrics import Metrics


class Observer:
    """Counts once a batch, never once an alert: the hot path stays free of it."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock

    def __call__(self, batch: Batch, applied: Applied, seconds: float) -> None:
        """A batch has been committed."""
        metrics, now = self._metrics, self._clock()
        metrics.pipeline_batch_sightings.observe(batch.sightings)
        metrics.pipeline_batch_duration_seconds.observe(seconds)
        for outcome, count in applied.outcomes.items():
            metrics.alert_outcomes_total.labels(outcome).inc(count)
        metrics.sightings_held_total.inc(applied.held)
        for reason, count in applied.dead.items():
            metrics.dead_letters_total.labels(reason).inc(count)
        count_tickets(metrics, "system", applied.events)
        metrics.ledger_last_commit_timestamp_seconds.set(now.timestamp())
        metrics.pipeline_delay_seconds.observe(_oldest_seconds(batch, now))


def _oldest_seconds(batch: Batch, now: datetime) -> float:
    oldest = min(heard.first for heard in batch.heard.values())
    return max(0.0, (now - oldest).total_seconds())
