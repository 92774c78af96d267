"""The gateway as it is, but for its clock, which is moved, and for what a variant does wrong.

    python -m tests.torture.gateway VARIANT CLOCK serve --config FILE

CLOCK is a file of eight bytes, a double: seconds by which the clock is wrong. The variants do on
purpose what must never be done; the checker has to find out each of them:

    sound                    nothing wrong
    answer-before-journal    answers 200 when a record is only on its way to the journal
    position-outside         commits the position after the effects, in another transaction
    redis-over-ledger        what Redis knows of is taken for a repeat, whatever has become of it
    confirm-before-commit    tells Redis that counts are credited before they are
    crash-POINT              sound, but ends like a kill -9 when it gets to a point of its way for
                             the tenth time: see crash_points.py
"""

import asyncio
import mmap
import struct
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from gateway import __main__ as program
from gateway.app.lifecycle import open_gateway
from gateway.cli import serve
from gateway.clock import Clock, system_clock
from gateway.intake.absorber import Confirmation
from gateway.intake.batch.absorption import Absorption
from gateway.intake.ledger import Applied, Batch
from gateway.storage.journal.journal import SegmentJournal
from gateway.storage.postgres.kernel.working_set import SQL
from gateway.storage.postgres.ledger.ledger import PostgresLedger
from tests.torture.crash_points import POINTS

NARROW_SECONDS = 0.3
"""A window in which a kill does harm would hardly ever be met if it were as short as it is."""
WINDOW = "window"
"""Beside CLOCK, while it is open: so whoever kills need not guess."""


async def harm_can_be_done(window: Path) -> None:
    window.touch()  # noqa: ASYNC240
    await asyncio.sleep(NARROW_SECONDS)
    window.unlink(missing_ok=True)  # noqa: ASYNC240


def clock_of(path: Path) -> Clock:
    """The machine's, wrong by what the file says at each moment."""
    with path.open("r+b") as file:
        said = mmap.mmap(file.fileno(), 8)

    def clock() -> datetime:
        (seconds,) = struct.unpack("d", said)
        return system_clock() + timedelta(seconds=seconds)

    return clock


def answer_before_journal(window: Path) -> None:
    append, begun = SegmentJournal.append, set[asyncio.Future[Any]]()

    async def later(*arguments: Any) -> None:
        await harm_can_be_done(window)
        await append(*arguments)

    async def too_early(*arguments: Any) -> int:
        task = asyncio.ensure_future(later(*arguments))
        begun.add(task)
        task.add_done_callback(begun.discard)
        return 0

    SegmentJournal.append = too_early  # type: ignore[assignment,method-assign]


def position_outside(window: Path) -> None:
    attempt, move = PostgresLedger._attempt, SQL["move_position"]
    SQL["move_position"] = "SELECT $1::text, $2::bigint, $3::timestamptz"

    async def in_two_steps(self: PostgresLedger, batch: Batch, *, undo: bool = False) -> Applied:
        applied = await attempt(self, batch, undo=undo)
        await harm_can_be_done(window)
        connection = await self._connected()
        await connection.execute(move, batch.journal_id, batch.last, batch.drained_at)
        return applied

    PostgresLedger._attempt = in_two_steps  # type: ignore[method-assign]


def redis_over_ledger(_: Path) -> None:
    absorb = Absorption.absorb

    async def trusting(self: Absorption, batch: Batch) -> None:
        await absorb(self, batch)
        for tenant, news in batch.news.items():
            seen = {key[1:] for key, held in self._passed.items() if held.version}
            batch.news[tenant] = [
                one for one in news if (one.identity.strand, one.identity.source) not in seen
            ]

    Absorption.absorb = trusting  # type: ignore[method-assign]


def confirm_before_commit(window: Path) -> None:
    absorb = Absorption.absorb

    async def hasty(self: Absorption, batch: Batch) -> None:
        await absorb(self, batch)
        credited = {key: Confirmation(held.born, held.count) for key, held in self._passed.items()}
        await self.absorber.confirm(credited)
        if batch.held:
            await harm_can_be_done(window)

    Absorption.absorb = hasty  # type: ignore[method-assign]


VARIANTS: dict[str, Callable[[Path], None]] = {
    "sound": lambda _: None,
    "answer-before-journal": answer_before_journal,
    "position-outside": position_outside,
    "redis-over-ledger": redis_over_ledger,
    "confirm-before-commit": confirm_before_commit,
}

if __name__ == "__main__":
    if sys.argv[1].startswith("crash-"):
        POINTS[sys.argv[1].removeprefix("crash-")]()
    else:
        VARIANTS[sys.argv[1]](Path(sys.argv[2]).with_name(WINDOW))
    serve.open_gateway = partial(  # type: ignore[assignment]
        open_gateway, clock=clock_of(Path(sys.argv[2]))
    )
    sys.exit(program.main(sys.argv[3:]))
