"""`journal adopt`: what a lost host had taken in and not applied is brought to the ledger."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway.app.process import Parts, open_parts
from gateway.cli.postgres import Say, open_postgres
from gateway.clock import system_clock
from gateway.config import Config
from gateway.errors import Conflict, NotFound
from gateway.intake.delivery.checker import Checked
from gateway.intake.journal import Leftover, Record
from gateway.intake.queue import READ_BYTES
from gateway.intake.recovery import drain_leftover
from gateway.storage.journal.journal import SegmentJournal, open_journal
from gateway.storage.journal.slots import slot_ids, slots_in_use


@dataclass(slots=True)
class _Told:
    """A leftover that says how far it is."""

    leftover: Leftover
    say: Say

    @property
    def id(self) -> str:
        return self.leftover.id

    @property
    def last_seq(self) -> int:
        return self.leftover.last_seq

    async def read(self, after: int, limit_bytes: int) -> Sequence[Record]:
        return await self.leftover.read(after, limit_bytes)

    async def begin(self, seq: int) -> int:
        return await self.leftover.begin(seq)

    async def end(self) -> None:
        await self.leftover.end()

    async def trim(self, applied: int) -> None:
        await self.leftover.trim(applied)
        percent = 100 * applied // max(1, self.last_seq)
        self.say(f"  {applied:,} of {self.last_seq:,} requests are applied ({percent} %)")

    async def discard(self) -> None:
        await self.leftover.discard()


async def adopt(config: Config, directory: Path, say: Say) -> None:
    """Returns when everything in *directory* is in the ledger and removed.

    *directory* is the lost host's `data_dir`, or the journals in it. Raises NotFound if there are
    none, Conflict while a gateway that runs still owns them.
    """
    root = directory / "journal" if (directory / "journal").is_dir() else directory
    if not any(root.glob("slot-*")):
        raise NotFound(f"{directory} holds no journals: give the data_dir of a lost host")
    if in_use := slots_in_use(root):
        names = ", ".join(path.name for path in in_use)
        raise Conflict(
            f"a gateway that runs owns {names} in {root}: it drains them itself;"
            " to adopt them, stop it first"
        )
    async with AsyncExitStack() as stack:
        url = await open_postgres(stack, config, say)
        parts = await open_parts(stack, config, url, config.postgres.migrate, system_clock)
        await parts.preparation.prepare()
        drained = await _drain(stack, parts, root, say)
    say(f"Adopted: {drained} journals are in the ledger and removed.")


async def _drain(stack: AsyncExitStack, parts: Parts, root: Path, say: Say) -> int:
    ids = slot_ids(root)
    options = parts.config.journal
    journal: SegmentJournal[Checked] = await stack.enter_async_context(
        open_journal(root, options, lambda _: None)
    )
    await journal.claim_abandoned()
    leftovers = journal.leftovers()
    for leftover in leftovers:
        say(f"Draining journal {leftover.id} ...")
        await drain_leftover(parts.pipeline, _Told(leftover, say), READ_BYTES)
    for slot in ids:
        # A process that was killed with nothing to do left a row and no file.
        await parts.pipeline.finish_predecessors(slot.ljust(32, "-"))
    return len(leftovers)
