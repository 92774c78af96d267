"""How much of our own journal is not applied yet: exact, and twelve bytes a record."""

from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

_RUN_RECORDS = 4096


def _sizes() -> "array[int]":
    return array("I")


def _times() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class _Run:
    """Records without a hole in their sequence."""

    first_seq: int
    sizes: "array[int]" = field(default_factory=_sizes)
    received_us: "array[int]" = field(default_factory=_times)

    @property
    def next_seq(self) -> int:
        return self.first_seq + len(self.sizes)

    def index(self, seq: int) -> int:
        return min(max(seq - self.first_seq, 0), len(self.sizes))


class Backlog:
    """Committed records that the ledger does not have, by size and time."""

    def __init__(self) -> None:
        self._runs: deque[_Run] = deque()
        self._applied = 0
        self._records = 0

    def __len__(self) -> int:
        return self._records

    def add(self, first_seq: int, entries: Iterable[tuple[int, int]]) -> None:
        """Records in order: (received_at in microseconds, bytes of the body)."""
        run = self._runs[-1] if self._runs else None
        if run is None or run.next_seq != first_seq or len(run.sizes) >= _RUN_RECORDS:
            run = _Run(first_seq)
            self._runs.append(run)
        for received_us, size in entries:
            run.received_us.append(received_us)
            run.sizes.append(size)
            self._records += 1

    def trim(self, applied: int) -> int:
        """Forget records up to *applied*; returns how many bytes of bodies they had."""
        freed = 0
        while self._runs and self._runs[0].first_seq <= applied:
            run = self._runs[0]
            gone = run.sizes[run.index(self._applied + 1) : run.index(applied + 1)]
            freed += sum(gone)
            self._records -= len(gone)
            if run.next_seq > applied + 1:
                break
            self._runs.popleft()
        self._applied = max(self._applied, applied)
        return freed

    @property
    def oldest_us(self) -> int | None:
        """`received_at` of the first record, microseconds since the epoch."""
        if not self._runs:
            return None
        run = self._runs[0]
        return run.received_us[run.index(self._applied + 1)]
