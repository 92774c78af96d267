"""The one thread that touches the journal's files: it commits what waits as one group.

While a group is being fsynced the next one gathers; nobody lingers. The event loop hears of a group
through one call: records first, answers after, both in order.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from gateway.errors import Unavailable
from gateway.logs import get_logger
from gateway.storage.journal.writer import Writer

_logger = get_logger(__name__)

T = TypeVar("T")
H = TypeVar("H")
"""What is handed on beside a record, in memory only."""

_GROUP_BYTES = 4 * 2**20
_GROUP_RECORDS = 512


@dataclass(slots=True, eq=False)
class Pending(Generic[H]):
    """A record on its way to disk, and who waits for it."""

    received_at: datetime
    received_us: int
    tenant: int
    source: str
    body: bytes
    checked: H
    answer: asyncio.Future[int]
    letter: bytes = b""


@dataclass(slots=True, eq=False)
class _Call(Generic[T]):
    """Something else to be done by the thread, between groups."""

    function: Callable[[], T]
    answer: asyncio.Future[T]


@dataclass(slots=True, eq=False)
class _Stop:
    answer: asyncio.Future[None]


_Job = Pending[H] | _Call[Any] | _Stop


class Committer(Generic[H]):
    """Runs from `start` to `stop`. *delivered* and *refused* are called in the loop's thread."""

    def __init__(
        self,
        writer: Writer,
        delivered: Callable[[int, Sequence[Pending[H]]], None],
        refused: Callable[[Sequence[Pending[H]]], None],
        probe_seconds: float,
    ) -> None:
        self._writer = writer
        self._delivered = delivered
        self._refused = refused
        self._probe_seconds = probe_seconds
        self._next_probe = 0.0
        """On the monotonic clock."""
        self._queue: SimpleQueue[_Job[H]] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._stopped = False
        # A daemon: a process that dies without closing must not wait for it, and need not.
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, pending: Pending[H]) -> None:
        self._queue.put(pending)

    async def call(self, function: Callable[[], T]) -> T:
        """Run *function* in the thread, after everything submitted so far was committed.

        Raises Unavailable where the disk fails, or when stopped.
        """
        if self._stopped:
            raise Unavailable("the journal is closed")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Call(function, answer))
        return await answer

    async def stop(self) -> None:
        """Nothing may be submitted any more."""
        self._stopped = True
        answer: asyncio.Future[None] = self._loop.create_future()
        self._queue.put(_Stop(answer))
        await answer
        self._thread.join()

    def _run(self) -> None:
        job = self._next()
        while not isinstance(job, _Stop):
            if isinstance(job, Pending):
                group, following = self._gather(job)
                self._commit(group)
                job = following or self._next()
            else:
                self._perform(job)
                job = self._next()
        self._post(_settle, job.answer, None)

    def _next(self) -> _Job[H]:
        while not self._writer.healthy:
            try:
                return self._queue.get(timeout=max(0.0, self._next_probe - time.monotonic()))
            except Empty:
                self._writer.probe()
                self._next_probe = time.monotonic() + self._probe_seconds
        return self._queue.get()

    def _gather(self, first: Pending[H]) -> tuple[list[Pending[H]], _Job[H] | None]:
        group, body_bytes = [first], len(first.body)
        while body_bytes < _GROUP_BYTES and len(group) < _GROUP_RECORDS:
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
            if not isinstance(job, Pending):
                return group, job
            group.append(job)
            body_bytes += len(job.body)
        return group, None

    def _commit(self, group: list[Pending[H]]) -> None:
        try:
            first_seq = self._writer.commit(group)
        except Exception as error:  # noqa: BLE001  whatever it was, they must hear of it
            _logger.debug("a group was refused", reason=str(error))
            self._post(self._refused, group)
            self._next_probe = time.monotonic() + self._probe_seconds
            return
        self._post(self._delivered, first_seq, group)
        self._writer.tend()

    def _perform(self, call: _Call[T]) -> None:
        try:
            answer = call.function()
        except OSError as error:
            unavailable = Unavailable(f"the journal's disk fails: {error}")
            unavailable.__cause__ = error
            self._post(_fail, call.answer, unavailable)
        except Exception as error:  # noqa: BLE001  raised where it is awaited
            self._post(_fail, call.answer, error)
        else:
            self._post(_settle, call.answer, answer)

    def _post(self, function: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
            self._loop.call_soon_threadsafe(function, *arguments)


def _settle(answer: asyncio.Future[T], outcome: T) -> None:
    if not answer.done():
        answer.set_result(outcome)


def _fail(answer: asyncio.Future[T], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
