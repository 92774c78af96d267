"""What the log says of refused alerts: one line a source, reason and minute, with a count."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.intake.source import Rejected

log = logging.getLogger(__name__)

PAUSE = timedelta(minutes=1)


class RefusalLog:
    """Sources and reasons are few, whatever senders send."""

    def __init__(self) -> None:
        self._said_at: dict[tuple[str, str], datetime] = {}
        self._unsaid: Counter[tuple[str, str]] = Counter()

    def refused(self, source: str, rejected: Sequence[Rejected], batch: str, now: datetime) -> None:
        """Alerts of one body; *batch* is found again in their dead letters."""
        for one in rejected:
            self._refused(source, one, batch, now)

    def _refused(self, source: str, one: Rejected, batch: str, now: datetime) -> None:
        key = (source, one.reason)
        self._unsaid[key] += 1
        said_at = self._said_at.get(key)
        if said_at is not None and now - said_at < PAUSE:
            return
        self._said_at[key] = now
        log.warning(
            "alerts were refused and kept as dead letters",
            extra={
                "source": source,
                "reason": one.reason,
                "error": one.error,
                "batch": batch,
                "count": self._unsaid.pop(key),
            },
        )
