"""What earlier process starts left in the journal: applied to its end, whatever is in it.

A process that ended uncleanly may have been ended by a record. So each batch is noted durably
before it is applied; a batch that was begun before and never ended is applied record by record,
each noted in turn, and a record that was begun in vain too often is dead-lettered unread.
"""

from collections.abc import Sequence

from gateway.intake.delivery.checker import Checked
from gateway.intake.delivery.source import Rejected
from gateway.intake.journal import BEGUN_LIMIT, Leftover, Record
from gateway.intake.pipeline import Pipeline
from gateway.intake.queue import check_all

_TOGETHER = 256
"""Records of one batch."""


async def drain_leftover(pipeline: Pipeline, leftover: Leftover, read_bytes: int) -> None:
    """Everything of *leftover* to the ledger; then it is removed."""
    position = await pipeline.position(leftover.id)
    while records := await leftover.read(position, read_bytes):
        for start in range(0, len(records), _TOGETHER):
            batch = records[start : start + _TOGETHER]
            begun = await _begin(pipeline, leftover, batch[0].seq)
            if begun:
                position = await _apply_alone(pipeline, leftover, position, batch, begun)
            else:
                taken = await check_all(batch, pipeline.check)
                position = await pipeline.apply_records(leftover.id, position, taken)
            await leftover.end()
        await leftover.trim(position)
    await leftover.discard()
    await pipeline.finish(leftover.id)


async def _begin(pipeline: Pipeline, leftover: Leftover, seq: int) -> int:
    """How often it was begun and not ended before. Waits first, for the ledger and for what a dead
    process still does there: kills during that time are no record's fault.
    """
    await pipeline.position(leftover.id)
    return await leftover.begin(seq)


async def _apply_alone(
    pipeline: Pipeline, leftover: Leftover, position: int, batch: Sequence[Record], begun: int
) -> int:
    """*begun* is that of the first record, which has been begun by the caller."""
    for record in batch:
        if record is not batch[0]:
            begun = await _begin(pipeline, leftover, record.seq)
        # Of the kills of a batch's first record one may have been the whole batch's.
        if begun >= BEGUN_LIMIT + (record is batch[0]):
            checked = Checked(rejected=[Rejected(0, "it ended the process", "poison", record.body)])
        else:
            checked = pipeline.check(record)
        position = await pipeline.apply_records(leftover.id, position, [(record, checked)])
        await leftover.end()
    return position
