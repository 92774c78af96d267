"""Long work in short steps, so that the event loop can serve others in between.

What reads a body is a generator: it yields wherever it may be interrupted, and returns its result.
Whoever runs it decides whether anybody gets a turn. A step is at most some milliseconds, whatever
the body holds.
"""

import asyncio
import time
from collections.abc import Generator, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

Steps = Generator[None, None, T]

AT_ONCE = 512
"""Things that are cheap (a microsecond or two), in one step."""
TURN_SECONDS = 0.003
"""How long steps go on before the loop gets its turn. Nearly all bodies take less altogether."""


def at_once(steps: Steps[T]) -> T:
    """The result, without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result


def portions(things: Sequence[T], size: int = AT_ONCE) -> Iterator[Iterator[tuple[int, T]]]:
    """*things* with their numbers, *size* at a time."""
    for start in range(0, len(things), size):
        yield enumerate(things[start : start + size], start)


class Turns:
    """Runs steps beside everything else of the loop.

    What takes more than a turn goes on only when it is the first in line: many large bodies
    together hold the loop no longer than one.
    """

    def __init__(self) -> None:
        self._line = asyncio.Lock()

    async def take(self, steps: Steps[T]) -> T:
        """The result of *steps*; the loop is never held for longer than a turn and a step."""
        try:
            _run(steps)
            async with self._line:
                while True:
                    await asyncio.sleep(0)
                    _run(steps)
        except StopIteration as done:
            result: T = done.value
            return result


def _run(steps: Steps[T]) -> None:
    """For one turn; raises StopIteration with the result."""
    until = time.perf_counter() + TURN_SECONDS
    while True:
        next(steps)
        if time.perf_counter() >= until:
            return
