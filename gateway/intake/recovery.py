"""What earlier process starts left in the journal: applied to its end, whatever is in it.

A process that ended uncleanly may have been ended by a record. So the first records after the
committed position, as many as one batch may have held, are applied one by one, each noted durably
before; one that has ended the process three times is dead-lettered without looking inside.
"""

from collections.abc import Sequence

from gateway.intake.checked import Checked
from gateway.intake.journal import BEGUN_LIMIT, Leftover, Record
from gateway.intake.pipeline import Pipeline
from gateway.intake.source import Rejected

_ALONE = 1024
"""Records that one batch may have held."""
_TOGETHER = 256


async def drain_leftover(pipeline: Pipeline, leftover: Leftover, read_bytes: int) -> None:
    """Everything of *leftover* to the ledger; then it is removed."""
    position = await pipeline.position(leftover.id)
    alone = _ALONE
    while records := await leftover.read(position, read_bytes):
        for record in records[:alone]:
            position = await _apply_alone(pipeline, leftover, position, record)
        rest, alone = records[alone:], max(0, alone - len(records))
        position = await _apply_together(pipeline, leftover.id, position, rest)
        await leftover.trim(position)
    await leftover.discard()
    await pipeline.finish(leftover.id)


async def _apply_alone(
    pipeline: Pipeline, leftover: Leftover, position: int, record: Record
) -> int:
    await pipeline.position(leftover.id)  # waits for the ledger: an outage is no record's fault
    if await leftover.begin(record.seq) >= BEGUN_LIMIT:
        checked = Checked(rejected=[Rejected(0, "it ended the process", "poison", record.body)])
    else:
        checked = pipeline.check(record)
    position = await pipeline.apply_records(leftover.id, position, [(record, checked)])
    await leftover.end()
    return position


async def _apply_together(
    pipeline: Pipeline, journal_id: str, position: int, records: Sequence[Record]
) -> int:
    for start in range(0, len(records), _TOGETHER):
        taken = [(one, pipeline.check(one)) for one in records[start : start + _TOGETHER]]
        position = await pipeline.apply_records(journal_id, position, taken)
    return position
