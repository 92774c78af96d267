"""A load: records taken from one journal, and the batch that they are worked out to.

What moves while it is on its way (silences, a strand, the journal's position) undoes the batch
whole: it is collected anew from the same records.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from gateway.intake.batch.collect import add_record
from gateway.intake.delivery.checker import Checked
from gateway.intake.ledger import Batch, LetterPlace
from gateway.intake.queue import CheckedRecord
from gateway.silences.book import SilenceBook

BREATHE_EVERY = 32
"""Records; requests get their turn in between."""


@dataclass(slots=True)
class Load:
    """On its way to the ledger. Dead letters alone are a batch of no records."""

    batch: Batch
    book: SilenceBook
    taken: list[CheckedRecord] = field(default_factory=list)
    """What the batch is made of, in the journal's order."""
    moved: bool = False
    """Something is not as it was when the batch was collected, if it was."""

    @property
    def last(self) -> int:
        """The journal's position once the ledger has it."""
        return self.taken[-1][0].seq if self.taken else self.batch.last

    def add_last(self) -> None:
        """What was taken last, to the batch."""
        record, checked = self.taken[-1]
        add_record(self.batch, record, checked, self.book)

    def collect(self) -> Batch:
        """The batch; worked out anew if something has moved."""
        if self.moved and self.taken:
            former = self.batch
            self.batch = Batch(former.journal_id, former.after, drained_at=former.drained_at)
            for record, checked in self.taken:
                add_record(self.batch, record, checked, self.book)
        self.moved = False
        return self.batch

    def skip(self, position: int) -> None:
        """What is applied already, up to *position*."""
        self.batch.after = position
        self.taken = [one for one in self.taken if one[0].seq > position]

    def drop_letters(self, gone: Collection[LetterPlace]) -> None:
        """Records whose dead letters are gone hold nothing."""
        for number, (record, _) in enumerate(self.taken):
            if (record.tenant, record.source, record.letter) in gone:
                self.taken[number] = record, Checked()

    async def let_go(self) -> None:
        """Bit by bit: a large batch freed at once would hold up answers for some 20 ms."""
        self.batch.repeats.clear()
        while self.taken:
            del self.taken[-BREATHE_EVERY:]
            await asyncio.sleep(0)
