"""Retention: what is long over is taken out; tickets, history and silences stay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

KEYS_KEPT = timedelta(days=1)
"""A request under an idempotency key is not done again for so long."""


@dataclass(frozen=True, slots=True)
class RetentionOptions:
    """`[retention]`: how long after their end things are kept."""

    alerts: timedelta = timedelta(days=90)
    """Resolved alerts that never were on a ticket, and that no sender speaks of any more."""
    dead_letters: timedelta = timedelta(days=30)
    """Dead letters, and outbox messages that are delivered or given up."""


class Limits(NamedTuple):
    """What was over before goes."""

    alerts: datetime
    letters: datetime
    """Of outbox messages too."""
    keys: datetime


def limits(options: RetentionOptions, now: datetime) -> Limits:
    """As of *now*."""
    return Limits(now - options.alerts, now - options.dead_letters, now - KEYS_KEPT)
