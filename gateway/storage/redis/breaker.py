"""Stops asking what does not answer, and tries again after a while.

One for each shard, since of a cluster one may fail alone; said once for all of them.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 5.0


@dataclass(slots=True)
class Breaker:
    """Shards by number. *clock* gives seconds that only go on; *say* is told when it changes."""

    clock: Callable[[], float]
    say: Callable[[bool], None]
    _until: dict[int, float] = field(default_factory=dict)
    _pauses: dict[int, float] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        """Every shard has answered when last asked."""
        return not self._until

    def allows(self, shard: int) -> bool:
        """May it be asked now?"""
        until = self._until.get(shard)
        return until is None or self.clock() >= until

    def failed(self, shard: int, error: BaseException) -> None:
        """It is left alone for a while: longer each time."""
        was_closed = self.closed
        pause = self._pauses.get(shard, PAUSE_SECONDS / 2)
        self._pauses[shard] = pause = min(2 * pause, PAUSE_SECONDS_MAX)
        self._until[shard] = self.clock() + pause
        if was_closed:
            log.warning(
                "redis away: repeats go straight to the ledger",
                extra={"error": str(error) or type(error).__name__},
            )
            self.say(self.closed)

    def answered(self, shard: int) -> None:
        """It is asked as before."""
        if shard not in self._until:
            return
        del self._until[shard]
        self._pauses.pop(shard, None)
        if self.closed:
            log.warning("redis back: repeats are held back again")
            self.say(self.closed)
