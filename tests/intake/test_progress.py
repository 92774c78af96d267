"""Whether the pipeline gets on, and what it does when nothing at all goes through."""

from datetime import timedelta

import pytest

from gateway.intake.batch.aside import FAILED
from gateway.intake.delivery.checker import Source
from gateway.intake.ledger import Applied, Batch
from gateway.intake.progress import STALLED_AFTER, PipelineProgress
from gateway.intake.queue import RecordQueue
from tests.intake.faults import ArbitraryError
from tests.intake.pipelines import Journal, fill, pipeline_in_memory
from tests.world import START


class Watch:
    """A clock of the test's."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def progress(watch: Watch) -> PipelineProgress:
    return PipelineProgress(watch)


def test_who_fails_for_a_minute_stalls_until_something_goes_through(
    progress: PipelineProgress, watch: Watch
) -> None:
    progress.failed()
    assert (progress.failing, progress.stalled) == (True, False)
    watch.now += STALLED_AFTER
    assert progress.stalled
    progress.made()
    assert (progress.failing, progress.stalled, progress.made_at) == (False, False, watch.now)


def test_who_only_waits_for_the_ledger_does_not_stall(
    progress: PipelineProgress, watch: Watch
) -> None:
    progress.failed(outage=True)
    watch.now += STALLED_AFTER
    assert (progress.failing, progress.stalled) == (True, False)


def test_who_has_nothing_to_do_does_not_stall(progress: PipelineProgress, watch: Watch) -> None:
    watch.now += 10 * STALLED_AFTER
    assert not progress.stalled


async def test_what_befalls_every_batch_sets_no_record_aside() -> None:
    """It is no record's fault, and a journal must not be emptied into dead letters by it."""
    pipeline, ledger = pipeline_in_memory()
    journal = Journal(pipeline)
    fill(journal, "one")
    taken = [(record, pipeline.check(record)) for record in journal.records]

    async def refuse(batch: Batch) -> Applied:
        raise ArbitraryError("of ours, and total")

    ledger.apply = refuse
    with pytest.raises(ArbitraryError):
        await pipeline.apply_records("journal", 0, taken)
    assert (ledger.letters, ledger.applied) == ([], 0)
    assert pipeline.progress.failing


async def test_a_lease_beyond_the_calendar_sets_aside_its_own_source_only() -> None:
    pipeline, ledger = pipeline_in_memory()
    sources = pipeline.checker._sources  # noqa: SLF001  no file says such a lease
    slow = sources["custom"]
    sources["custom"] = Source(slow.name, slow.kind, slow.parse, timedelta(days=9_999_999))
    journal = Journal(pipeline)
    fill(journal, "one")
    taken = [(record, pipeline.check(record)) for record in journal.records]
    await pipeline.apply_records("journal", 0, taken)
    assert {letter.source for letter in ledger.letters} == {"custom"}
    assert {letter.reason for letter in ledger.letters if "Overflow" in letter.error} == {FAILED}
    held = {strand.labels: strand.occurrences for strand in ledger.tables.strands.values()}
    assert sum(count for labels, count in held.items() if b"Other" in labels) == 3
    assert sum(held.values()) + sum(letter.count for letter in ledger.letters) == 10


async def test_what_the_journal_could_not_hand_on_is_read_back() -> None:
    pipeline, _ = pipeline_in_memory()
    journal = Journal(pipeline)
    waiting = journal.waiting = RecordQueue(journal.read, pipeline.check)
    fill(journal, "one")
    with pytest.raises(TypeError):
        waiting.committed([None, (journal.records[-1], "behind what cannot be taken")])
    seen = []
    while await waiting.wait(0.01):
        seen.append(waiting.take()[0].seq)
    assert seen == [record.seq for record in journal.records]
