"""The supervisor: the only starter of tasks. It turns workers until it is told to stop.

A worker is a name, a `turn` that does one bounded piece of work, and a pause. What ends a turn says
what happens next:

    returns True        there is more: the next turn follows at once
    returns False       the next turn follows after the pause, or as soon as somebody calls `wake`
    Unavailable         something it needs is away: it is tried again, ever more slowly; `wake` does
                        not hasten it; one log line when it begins to wait, one when it goes on
    anything else       a bug: logged with its traceback, counted, tried again, ever more slowly
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from gateway.backoff import BackOff
from gateway.errors import Unavailable
from gateway.logs import get_logger
from gateway.metrics import Metrics

Turn = Callable[[], Awaitable[bool]]

_logger = get_logger(__name__)


class Worker:
    """One background job. `turn` is called by one task only, never twice at a time."""

    def __init__(self, name: str, turn: Turn, pause_seconds: float) -> None:
        self.name = name
        self.turn = turn
        self.pause_seconds = pause_seconds
        self._bell = asyncio.Event()

    def wake(self) -> None:
        """There is work: skip the pause. A call during a turn brings one more turn after it.

        From the event loop's thread only.
        """
        self._bell.set()

    async def pause(self) -> None:
        """Returns when the pause is over, or at once when woken."""
        await _wait(self._bell, self.pause_seconds)

    def begin(self) -> None:
        """A turn begins: what woke it is being seen to."""
        self._bell.clear()


class Supervisor:
    """Runs workers from entry to exit of an `async with`; never ends by itself.

    On exit no new turn begins. Running turns have *grace_seconds* to finish, then they are
    cancelled; one that does not heed that within *grace_seconds* more is left behind, with a log
    line: what comes after it in the shutdown must still happen.
    """

    def __init__(
        self,
        workers: Sequence[Worker],
        metrics: Metrics,
        grace_seconds: float = 10.0,
        back_off: BackOff | None = None,
    ) -> None:
        self._workers = workers
        self._metrics = metrics
        self._grace_seconds = grace_seconds
        self._back_off = back_off or BackOff()
        self._stopping = asyncio.Event()
        self._tasks: dict[asyncio.Task[None], Worker] = {}

    async def __aenter__(self) -> Self:
        for worker in self._workers:
            task = asyncio.create_task(  # noqa: TID251  the one place
                self._run(worker), name=f"worker {worker.name}"
            )
            self._tasks[task] = worker
            task.add_done_callback(self._ended)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        for worker in self._workers:
            worker.wake()
        try:
            await self._wait_for_end()
        finally:
            for task in self._tasks:
                task.cancel()
        await self._wait_for_end()
        for task in self._tasks:
            if not task.done():
                _logger.error("worker left behind", worker=self._tasks[task].name)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Nothing but a stop ends a worker; if something else did, it must not pass unseen."""
        if not self._stopping.is_set():
            error = None if task.cancelled() else task.exception()
            _logger.critical("worker ended", worker=self._tasks[task].name, exc_info=error)

    async def _wait_for_end(self) -> None:
        running = [task for task in self._tasks if not task.done()]
        if running:
            await asyncio.wait(running, timeout=self._grace_seconds)

    async def _run(self, worker: Worker) -> None:
        run = _Run(worker, self._metrics, self._back_off)
        while not self._stopping.is_set():
            wait_seconds = await run.turn()
            if wait_seconds is None:
                await worker.pause()
            else:
                await _wait(self._stopping, wait_seconds)


class _Run:
    """A worker's turns, and how many of them failed in a row."""

    def __init__(self, worker: Worker, metrics: Metrics, back_off: BackOff) -> None:
        self._worker = worker
        self._back_off = back_off
        self._turns = metrics.worker_turns_total.labels(worker.name)
        self._failures_counted = metrics.worker_failures_total.labels(worker.name)
        self._failures = 0
        self._waiting = False

    async def turn(self) -> float | None:
        """One turn, and how it ended: seconds to wait before the next, None for the pause."""
        self._worker.begin()
        try:
            more = await self._worker.turn()
        except (Unavailable, ConnectionError, TimeoutError) as error:
            return self._postponed(error)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return self._failed(error)  # nobody cancelled the worker: it leaked out of the turn
        except Exception as error:  # noqa: BLE001  a bug of one worker is not the end of the others
            return self._failed(error)
        finally:
            self._turns.inc()
        self._succeeded()
        return 0.0 if more else None

    def _succeeded(self) -> None:
        self._failures = 0
        if self._waiting:
            self._waiting = False
            _logger.info("worker goes on", worker=self._worker.name)

    def _postponed(self, error: Exception) -> float:
        if not self._waiting:
            self._waiting = True
            _logger.warning("worker waits", worker=self._worker.name, error=str(error))
        return self._next_wait()

    def _failed(self, error: BaseException) -> float:
        self._failures_counted.inc()
        _logger.error("worker failed", worker=self._worker.name, exc_info=error)
        return self._next_wait()

    def _next_wait(self) -> float:
        self._failures += 1
        return self._back_off.wait_seconds(self._failures, random.random())  # noqa: S311  no secret


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Returns when *event* is set or *seconds* are over; lets other tasks run in any case."""
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
