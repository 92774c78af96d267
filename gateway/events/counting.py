"""What has happened to tickets, for metrics: whoever did it, and once it is committed."""

from collections import Counter
from collections.abc import Iterable, Mapping

from gateway.events.event import EventType, PlacedEvent
from gateway.metrics import Metrics


def count_events(metrics: Metrics, events: Iterable[PlacedEvent]) -> None:
    """By people and by the system."""
    counted: dict[str, Counter[str]] = {}
    for one in events:
        by = "system" if one.event.data.get("by") == "system" else "person"
        counted.setdefault(by, Counter())[one.event.type] += 1
    for by, types in counted.items():
        count_tickets(metrics, by, types)


def count_tickets(metrics: Metrics, by: str, types: Mapping[str, int]) -> None:
    """*by* is `system` or `person`; *types* says how many events there were of each type."""
    metrics.tickets_opened_total.inc(types.get(EventType.TICKET_CREATED, 0))
    metrics.tickets_reopened_total.inc(types.get(EventType.TICKET_REOPENED, 0))
    metrics.tickets_resolved_total.labels(by).inc(types.get(EventType.TICKET_RESOLVED, 0))
