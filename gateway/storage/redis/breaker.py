"""Stops asking what does not answer, and tries again after a while.

One for each shard, since of a cluster one may fail alone; said once for all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.backoff import BackOff
from gateway.logs import get_logger

_logger = get_logger(__name__)

BACK_OFF = BackOff(first_seconds=1.0, longest_seconds=5.0)


@dataclass(slots=True)
class Breaker:
    """Shards by number. *clock* gives seconds that only go on; *say* is told when it changes."""

    clock: Callable[[], float]
    say: Callable[[bool], None]
    _until: dict[int, float] = field(default_factory=dict)
    _failures: dict[int, int] = field(default_factory=dict)

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
        self._failures[shard] = failures = self._failures.get(shard, 0) + 1
        self._until[shard] = self.clock() + BACK_OFF.wait_seconds(failures)
        if was_closed:
            _logger.warning(
                "redis away: repeats go straight to the ledger",
                error=str(error) or type(error).__name__,
            )
            self.say(self.closed)

    def answered(self, shard: int) -> None:
        """It is asked as before."""
        if shard not in self._until:
            return
        del self._until[shard]
        self._failures.pop(shard, None)
        if self.closed:
            _logger.warning("redis back: repeats are held back again")
            self.say(self.closed)
