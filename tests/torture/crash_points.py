"""Points on the way of an alert at which a process ends, as by a kill -9: the hooks."""

import os
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any

from gateway.intake.batch.absorption import Absorption
from gateway.intake.pipeline import Pipeline
from gateway.storage.journal.frame import NewRecord, pack
from gateway.storage.journal.segment import Segment
from gateway.storage.journal.writer import Writer
from gateway.storage.postgres.ledger.ledger import PostgresLedger

TIMES = 10
"""It is reached so often before the end, so that there is something to lose."""
STATUS = 137

_reached = count(1)


def reach() -> None:
    """No farewell, no flush: as if it had been killed here."""
    if next(_reached) == TIMES:
        os._exit(STATUS)


def after(owner: type, name: str) -> Callable[[], None]:
    """Puts the hook behind a coroutine function of *owner*."""

    def put() -> None:
        original: Callable[..., Awaitable[Any]] = getattr(owner, name)

        async def then_reach(*arguments: Any, **named: Any) -> Any:
            answer = await original(*arguments, **named)
            reach()
            return answer

        setattr(owner, name, then_reach)

    return put


def written() -> None:
    """Half of a group is in the file."""
    insert = Segment.insert

    def then_reach(self: Segment, first_seq: int, group: Sequence[NewRecord]) -> None:
        whole = b"".join(pack(self.header.mark, first_seq, group))
        os.pwrite(self._descriptor, whole[: len(whole) // 2], self.bytes)
        reach()
        insert(self, first_seq, group)

    Segment.insert = then_reach  # type: ignore[method-assign]


def synced() -> None:
    """On disk, and nobody has heard of it."""
    commit = Writer.commit

    def then_reach(self: Writer, *arguments: Any) -> int:
        first = commit(self, *arguments)
        reach()
        return first

    Writer.commit = then_reach  # type: ignore[method-assign]


def answered() -> None:
    """Answered, and nothing else has begun: a pipeline takes its records after their answers."""
    settle = Pipeline.settle

    async def reach_first(self: Pipeline, *arguments: Any) -> int:
        reach()
        return await settle(self, *arguments)

    Pipeline.settle = reach_first  # type: ignore[method-assign]


POINTS: dict[str, Callable[[], None]] = {
    "written": written,
    "synced": synced,
    "answered": answered,
    "absorbed": after(Absorption, "absorb"),
    "before-commit": after(PostgresLedger, "_apply_tenant"),
    "committed": after(PostgresLedger, "apply"),
    "confirmed": after(Absorption, "confirm"),
}
