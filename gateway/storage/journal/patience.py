"""How long appenders wait for the disk: one clock for all, since one each costs too much."""

import asyncio
import time
from collections import deque

from gateway.errors import Unavailable

_LOOKED_EVERY_SECONDS = 0.5


class Patience:
    """Answers in the order in which they were asked for, the oldest first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[float, asyncio.Future[int]]] = deque()
        self._clock: asyncio.TimerHandle | None = None

    def answer(self) -> asyncio.Future[int]:
        """To be given a record's seq; raises Unavailable when the disk takes too long for it."""
        answer: asyncio.Future[int] = self._loop.create_future()
        self._waiting.append((time.monotonic() + self._seconds, answer))
        if self._clock is None:
            self._clock = self._loop.call_later(_LOOKED_EVERY_SECONDS, self._look)
        return answer

    def forget_answered(self) -> None:
        """Call it when some have been answered."""
        waiting = self._waiting
        while waiting and waiting[0][1].done():
            waiting.popleft()

    def _look(self) -> None:
        self._clock = None
        self.forget_answered()
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, answer = self._waiting.popleft()
            if not answer.done():
                detail = "the journal's disk does not answer"
                answer.set_exception(Unavailable(detail, "journal_slow"))
        if self._waiting:
            self._clock = self._loop.call_later(_LOOKED_EVERY_SECONDS, self._look)
