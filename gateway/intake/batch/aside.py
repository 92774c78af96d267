"""A record that cannot be worked out is set aside alone, and its like go on.

Records that failed together are tried again by halves. What fails with a record alone, and fails
once more when it is tried in the plainest way, is the record's own: it becomes a dead letter. An
exception that came once sets nothing aside.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway.errors import Unavailable
from gateway.intake.delivery.source import Rejected
from gateway.intake.journal import Record
from gateway.intake.ledger import Batch, DeadLetter, Heard, LedgerStopped
from gateway.intake.queue import CheckedRecord
from gateway.logs import get_logger

_logger = get_logger(__name__)

FAILED = "failed"
"""The reason of such dead letters."""
NOBODYS_FAULT = (Unavailable, LedgerStopped)
"""Of no record: whoever waits for the ledger sets nothing aside."""


def failure_text(error: Exception) -> str:
    """What the dead letter says of *error*."""
    return f"{type(error).__name__}: {error}"


def rejected_whole(record: Record, error: Exception) -> Rejected:
    """For a record whose body cannot even be read again."""
    return Rejected(0, failure_text(error), FAILED, record.body)


def set_aside(batch: Batch, taken: CheckedRecord, error: Exception) -> None:
    """A record into *batch* as one dead letter that counts for all that it held."""
    record, checked = taken
    now = record.received_at
    batch.heard[record.tenant, record.source] = Heard(now, now)
    letter = DeadLetter(
        tenant=record.tenant,
        source=record.source,
        reason=FAILED,
        error=failure_text(error),
        raw=record.body,
        batch=f"{batch.journal_id}-{record.seq}",
        at=now,
        count=max(1, len(checked.sightings) + len(checked.rejected)),
    )
    if not record.letter:  # one that fails again stays what it is
        batch.dead.append(letter)
    batch.last = record.seq


@dataclass(frozen=True, slots=True)
class Halving:
    """Three ways to take records to the ledger; each returns the journal's new position."""

    together: Callable[[int, Sequence[CheckedRecord]], Awaitable[int]]
    alone: Callable[[int, CheckedRecord], Awaitable[int]]
    """In the plainest way."""
    aside: Callable[[int, CheckedRecord, Exception], Awaitable[int]]
    failed: Callable[[], None]
    """Called whenever something did not work."""

    async def apply(self, after: int, taken: Sequence[CheckedRecord]) -> int:
        """Those of *taken* that follow *after*. Raises what is no record's fault."""
        left = [one for one in taken if one[0].seq > after]
        if not left:
            return after
        try:
            return await self.together(after, left)
        except NOBODYS_FAULT:
            raise
        except Exception as error:
            self.failed()
            _logger.debug("records failed together", exc_info=error, records=len(left))
        if len(left) == 1:
            return await self._once_more(after, left[0])
        half = len(left) // 2
        after = await self.apply(after, left[:half])
        return await self.apply(after, left[half:])

    async def _once_more(self, after: int, one: CheckedRecord) -> int:
        try:
            return await self.alone(after, one)
        except NOBODYS_FAULT:
            raise
        except Exception as error:
            self.failed()
            record, _ = one
            _logger.exception(
                "a record cannot be worked out: dead letter",
                source=record.source,
                seq=record.seq,
            )
            return await self.aside(after, one, error)
