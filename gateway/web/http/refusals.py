"""What the log says of what is turned away: at any rate one line a kind and minute, with a count.

The first is told at once. Those of the minute after it are told together at its end, with what was
known of the last of them. Metrics count each.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from structlog.stdlib import BoundLogger

PAUSE = timedelta(minutes=1)


@dataclass(slots=True)
class _Untold:
    count: int = 0
    details: Mapping[str, object] = field(default_factory=dict)


class RefusalLog:
    """Lines of one *event*. Used in the event loop only."""

    def __init__(self, logger: BoundLogger, event: str, pause: timedelta = PAUSE) -> None:
        self._logger, self._event = logger, event
        self._pause_seconds = pause.total_seconds()
        self._pausing: dict[tuple[str, ...], _Untold] = {}

    def refused(self, kind: Mapping[str, str], count: int = 1, **details: object) -> None:
        """*kind* tells lines apart: names and words of ours, never what anybody sends."""
        untold = self._pausing.get(tuple(kind.values()))
        if untold is None:
            self._tell(kind, count, details)
        else:
            untold.count += count
            untold.details = details

    def _tell(self, kind: Mapping[str, str], count: int, details: Mapping[str, object]) -> None:
        self._logger.warning(self._event, **kind, **details, count=count)
        self._pausing[tuple(kind.values())] = _Untold()
        asyncio.get_running_loop().call_later(self._pause_seconds, self._resume, kind)

    def _resume(self, kind: Mapping[str, str]) -> None:
        untold = self._pausing.pop(tuple(kind.values()))
        if untold.count:
            self._tell(kind, untold.count, untold.details)
