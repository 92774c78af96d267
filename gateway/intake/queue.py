"""Committed records on their way to the pipeline: in memory while they fit, else in the journal."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from gateway.intake.delivery.checker import Checked
from gateway.intake.journal import Record

CheckedRecord = tuple[Record, Checked]
ReadJournal = Callable[[int, int], Awaitable[Sequence[Record]]]
"""`read(after, limit_bytes)` of a journal."""

MAX_BYTES = 64 * 1024 * 1024
"""Bodies waiting in memory; beyond it they are read back from the journal."""
_BREATHE_EVERY = 16
READ_BYTES = 4 * 1024 * 1024
"""Read back at a time."""


async def check_all(
    records: Sequence[Record], check: Callable[[Record], Checked]
) -> list[CheckedRecord]:
    """Read records again; now and then other tasks get their turn."""
    taken = []
    for number, record in enumerate(records, start=1):
        taken.append((record, check(record)))
        if number % _BREATHE_EVERY == 0:
            await asyncio.sleep(0)
    return taken


class RecordQueue:
    """Committed records on their way to the pipeline: in memory, or still in the journal only."""

    def __init__(
        self, read: ReadJournal, check: Callable[[Record], Checked], max_bytes: int = MAX_BYTES
    ) -> None:
        self._read, self._check, self._max_bytes = read, check, max_bytes
        self._queue: deque[CheckedRecord] = deque()
        self._bytes = 0
        self._last_taken = 0
        self._last_committed = 0
        self._gap = False
        self._arrived = asyncio.Event()
        self.closed = False
        """Nothing more will come: once empty, there is nothing to wait for."""

    def close(self) -> None:
        """Called when intake has stopped."""
        self.closed = True
        self._arrived.set()

    def reread(self, after: int) -> None:
        """Forget what is in memory: go on behind *after*, from the journal."""
        self._queue.clear()
        self._bytes, self._last_taken = 0, after
        self._gap = self._last_committed > after

    def committed(self, records: Sequence[CheckedRecord]) -> None:
        """Called by the journal, in the loop's thread, in order of seq."""
        gap, self._gap = self._gap, True  # whatever fails here is read back
        self._last_committed = records[-1][0].seq
        self._arrived.set()
        for record, checked in records:
            gap = gap or self._bytes > self._max_bytes
            if not gap:
                self._queue.append((record, checked))
                self._bytes += len(record.body)
        self._gap = gap

    @property
    def empty(self) -> bool:
        """Nothing is unapplied here."""
        return not self._queue and not self._gap

    @property
    def ready(self) -> bool:
        """There is a record that can be taken without waiting."""
        return bool(self._queue)

    def take(self) -> CheckedRecord:
        """The next record in memory."""
        record, checked = self._queue.popleft()
        self._bytes -= len(record.body)
        self._last_taken = record.seq
        return record, checked

    async def wait(self, seconds: float | None) -> bool:
        """Until a record can be taken; False if none came in time."""
        while not self._queue:
            if self._gap:
                await self._read_back()
                continue
            if self.closed:
                return False
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), seconds)
            except TimeoutError:
                return False
        return True

    async def _read_back(self) -> None:
        records = await self._read(self._last_taken, READ_BYTES)  # bounded: the queue is empty
        for record, checked in await check_all(records, self._check):
            self._queue.append((record, checked))
            self._bytes += len(record.body)
        if not records or records[-1].seq >= self._last_committed:
            self._gap = False
