"""The journal against a model of it, through appends, trims, full disks, crashes and closes."""

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.intake.journal import JournalFull
from gateway.storage.journal.journal import JournalOptions, SegmentJournal, open_journal
from tests.storage.journal.journals import (
    TENANT,
    Taken,
    append,
    bodies,
    crash_image,
    files_beside_lock,
    no_file_beyond,
    read_all,
)

OPTIONS = JournalOptions(max_bytes=2**20, segment_bytes=120_000, probe_interval=timedelta(hours=1))
SIZES = st.lists(st.sampled_from([0, 1, 100, 5000, 60_000]), min_size=1, max_size=8)


@dataclass
class Expected:
    """What one journal holds beyond *applied*, by seq."""

    held: dict[int, bytes] = field(default_factory=dict)
    applied: int = 0

    def apply(self, applied: int) -> None:
        self.applied = max(self.applied, applied)
        self.held = {seq: body for seq, body in self.held.items() if seq > self.applied}

    @property
    def bytes(self) -> int:
        return sum(map(len, self.held.values()))


class JournalModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.root = self.folder / "0"
        self.opened = AsyncExitStack()
        self.past: dict[str, Expected] = {}
        """Leftovers by journal id."""
        self.written = 0
        self.starts = 0

    @initialize()
    def start(self) -> None:
        self.taken = Taken()
        self.own = Expected()
        self.journal: SegmentJournal = self.runner.run(
            self.opened.enter_async_context(open_journal(self.root, OPTIONS, self.taken))
        )
        self.starts += 1

    def bodies_of(self, sizes: list[int]) -> list[bytes]:
        self.written += len(sizes)
        return [(b"%d " % self.written * (size // 2 + 1))[:size] for size in sizes]

    @rule(sizes=SIZES)
    def append_together(self, sizes: list[int]) -> None:
        written = self.bodies_of(sizes)

        async def append_all() -> list[int | BaseException]:
            return await asyncio.gather(
                *(append(self.journal, body) for body in written), return_exceptions=True
            )

        room = OPTIONS.max_bytes - self.held_bytes
        for body, answer in zip(written, self.runner.run(append_all()), strict=True):
            if len(body) > room:
                assert isinstance(answer, JournalFull)
                continue
            room -= len(body)
            assert isinstance(answer, int)
            assert answer > max(self.own.held, default=self.own.applied)
            self.own.held[answer] = body

    @rule(size=st.sampled_from([30_000, 60_000]))
    def append_to_a_full_disk(self, size: int) -> None:
        (body,) = self.bodies_of([size])
        with no_file_beyond(20_000):
            try:
                self.runner.run(append(self.journal, body))
            except JournalFull:
                return
        raise AssertionError("a full disk answered")

    @rule(share=st.floats(0, 1))
    def apply_some(self, share: float) -> None:
        seqs = list(self.own.held)
        applied = seqs[int(share * (len(seqs) - 1))] if seqs else self.own.applied
        self.runner.run(self.journal.trim(applied))
        self.own.apply(applied)

    @rule(share=st.floats(0, 1))
    def apply_some_of_a_leftover(self, share: float) -> None:
        for leftover in self.journal.leftovers():
            expected = self.past[leftover.id]
            seqs = list(expected.held)
            applied = seqs[int(share * (len(seqs) - 1))]
            self.runner.run(leftover.trim(applied))
            expected.apply(applied)
            if not expected.held:
                self.runner.run(leftover.discard())
                del self.past[leftover.id]

    @rule()
    def crash(self) -> None:
        self.root = crash_image(self.root, self.folder / str(self.starts))
        self.runner.run(self.opened.aclose())
        self.restart()

    @rule()
    def close(self) -> None:
        self.runner.run(self.opened.aclose())
        self.restart()

    def restart(self) -> None:
        if self.own.held:
            self.past[self.journal.id] = self.own
        self.start()
        held = {leftover.id: leftover for leftover in self.journal.leftovers()}
        for journal_id in set(held) - set(self.past):
            # All applied before the crash: the ledger knows, the files do not.
            self.runner.run(held[journal_id].discard())
        for journal_id, expected in self.past.items():
            self.runner.run(held[journal_id].trim(expected.applied))

    @property
    def held_bytes(self) -> int:
        return self.own.bytes + sum(expected.bytes for expected in self.past.values())

    @invariant()
    def everything_unapplied_is_read_in_order(self) -> None:
        read = self.runner.run(read_all(self.journal, self.own.applied))
        assert {record.seq: record.body for record in read} == self.own.held
        assert [record.seq for record in read] == list(self.own.held)
        leftovers = {leftover.id: leftover for leftover in self.journal.leftovers()}
        assert set(leftovers) == set(self.past)
        for journal_id, expected in self.past.items():
            read = self.runner.run(read_all(leftovers[journal_id], expected.applied))
            assert {record.seq: record.body for record in read} == expected.held
            assert {record.tenant for record in read} <= {TENANT}

    @invariant()
    def everything_committed_was_handed_on(self) -> None:
        seqs = [record.seq for record in self.taken.records]
        assert seqs == sorted(set(seqs))
        assert set(self.own.held.values()) <= set(bodies(self.taken.records))

    @invariant()
    def the_accounts_are_right(self) -> None:
        assert self.journal.unapplied_bytes == self.held_bytes
        assert self.journal.unapplied_records == len(self.own.held) + sum(
            len(expected.held) for expected in self.past.values()
        )
        assert self.journal.damaged_segments == 0

    def teardown(self) -> None:
        try:
            if hasattr(self, "journal"):
                self.leave_nothing()
        finally:
            self.runner.close()
            shutil.rmtree(self.folder)

    def leave_nothing(self) -> None:
        for leftover in self.journal.leftovers():
            self.runner.run(leftover.discard())
        self.runner.run(self.journal.trim(max(self.own.held, default=0)))
        self.runner.run(self.opened.aclose())
        assert files_beside_lock(self.root) == []


TestJournalModel = JournalModel.TestCase
TestJournalModel.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
