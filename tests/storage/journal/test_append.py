"""Taking in: what an answer means, in which order, and where it ends."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Unavailable
from gateway.intake.batch.collect import receipts_of
from gateway.intake.journal import Journal, JournalFull, JournalHealth, Record
from gateway.moments import MICROSECOND
from gateway.storage.journal.journal import JournalOptions
from tests.logged import events
from tests.storage.journal.journals import NOON, Taken, append, bodies, opened, read_all


async def test_a_record_is_read_as_it_was_appended(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        seq = await journal.append(NOON, 7, "büro", b"\x00body\xff", None)
        assert await journal.read(0, 1) == [Record(seq, NOON, 7, "büro", b"\x00body\xff")]


async def test_it_is_a_journal_and_says_how_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        as_journal: Journal = journal
        as_health: JournalHealth = journal
        assert await as_journal.read(0, 1) == []
        assert as_health.writable
        assert (as_health.unapplied_bytes, as_health.unapplied_records) == (0, 0)
        assert as_health.oldest_unapplied_at is None


async def test_the_sequence_begins_at_one_and_rises_in_the_order_of_the_calls(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as journal:
        seqs = await asyncio.gather(*(append(journal, b"%d" % n) for n in range(100)))
        assert seqs == list(range(1, 101))
        assert bodies(await read_all(journal)) == [b"%d" % n for n in range(100)]


async def test_committed_records_are_handed_on_in_order_before_their_appenders_wake(
    tmp_path: Path,
) -> None:
    taken = Taken()
    late: list[int] = []

    async def append_and_look(n: int) -> None:
        seq = await append(journal, b"%d" % n)
        if seq not in {record.seq for record in taken.records}:
            late.append(seq)

    async with opened(tmp_path, taken) as journal:
        await asyncio.gather(*(append_and_look(n) for n in range(200)))
        assert late == []
        assert [record.seq for record in taken.records] == list(range(1, 201))
        assert taken.records == await read_all(journal)


async def test_what_was_checked_comes_back_with_its_record_in_the_loops_thread(
    tmp_path: Path,
) -> None:
    threads = set()
    pairs: list[tuple[Record, object]] = []

    class Noting(Taken):
        def __call__(self, committed: list[tuple[Record, object]]) -> None:
            threads.add(threading.get_ident())
            pairs.extend(committed)

    checked = [object() for _ in range(10)]
    async with opened(tmp_path, Noting()) as journal:
        await asyncio.gather(
            *(journal.append(NOON, 1, "grafana", b"%d" % n, checked[n]) for n in range(10))
        )
    assert [record.body for record, _ in pairs] == [b"%d" % n for n in range(10)]
    assert all(one is other for (_, one), other in zip(pairs, checked, strict=True))
    assert threads == {threading.get_ident()}


async def test_many_appenders_share_few_commits(tmp_path: Path) -> None:
    taken = Taken()
    async with opened(tmp_path, taken) as journal:
        await append(journal, b"the first one makes the segment")
        taken.groups.clear()
        await asyncio.gather(*(append(journal, b"x" * 1000) for _ in range(64)))
    assert len(taken.records) == 64
    assert len(taken.groups) <= 8


async def test_whoever_takes_records_and_fails_takes_no_answer_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Taken):
        def __call__(self, committed: list[tuple[Record, object]]) -> None:
            raise ValueError("the pipeline is broken")

    async with opened(tmp_path, Failing()) as journal:
        assert await append(journal, b"kept") == 1
        assert bodies(await read_all(journal)) == [b"kept"]
    assert "committed records were not taken; they must be read back" in events(caplog)


async def test_an_appender_that_stops_waiting_undoes_nothing(tmp_path: Path) -> None:
    taken = Taken()
    async with opened(tmp_path, taken) as journal:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await append(journal, b"gone away")
        await append(journal, b"still here")
        assert bodies(taken.records) == [b"gone away", b"still here"]
        assert bodies(await read_all(journal)) == [b"gone away", b"still here"]
        assert journal.unapplied_bytes == len(b"gone away" + b"still here")


async def test_the_bound_is_exact_and_refuses_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path, options=JournalOptions(max_bytes=100)) as journal:
        await append(journal, b"x" * 60)
        with pytest.raises(JournalFull):
            await append(journal, b"x" * 41)
        assert journal.writable
        last = await append(journal, b"x" * 40)
        assert not journal.writable
        with pytest.raises(JournalFull):
            await append(journal, b"x")
        assert len(await read_all(journal)) == 2
        await journal.trim(last - 1)
        assert journal.unapplied_bytes == 40
        assert await append(journal, b"x" * 60) > last


async def test_the_bound_counts_what_is_still_on_its_way_to_disk(tmp_path: Path) -> None:
    async with opened(tmp_path, options=JournalOptions(max_bytes=1000)) as journal:
        answers = await asyncio.gather(
            *(append(journal, b"x" * 100) for _ in range(20)), return_exceptions=True
        )
        assert sum(isinstance(answer, JournalFull) for answer in answers) == 10
        assert journal.unapplied_bytes == 1000


async def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        pass
    with pytest.raises(JournalFull):
        await append(journal, b"too late")


async def test_what_waits_when_it_closes_is_committed_and_answered(tmp_path: Path) -> None:
    taken = Taken()
    async with asyncio.TaskGroup() as group, opened(tmp_path, taken) as journal:
        waiting = [group.create_task(append(journal, b"%d" % n)) for n in range(50)]
        await asyncio.sleep(0)
    assert [task.result() for task in waiting] == list(range(1, 51))
    assert len(taken.records) == 50


STEPS = st.timedeltas(timedelta(days=-400), timedelta(days=400))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(STEPS, st.integers(0, 3)), min_size=1, max_size=20))
def test_no_two_sightings_are_received_at_once_whatever_the_clock_does(
    steps: list[tuple[timedelta, int]],
) -> None:
    async def law() -> None:
        taken = Taken()
        with TemporaryDirectory() as root:
            async with opened(Path(root), taken) as journal:
                for step, count in steps:
                    await journal.append(NOON + step, 1, "custom", b"", None, count)
                records = await read_all(journal)
        last = datetime.min.replace(tzinfo=UTC)
        for record, (step, count) in zip(records, steps, strict=True):
            assert record.received_at == max(NOON + step, last + MICROSECOND)
            last = receipts_of(record.received_at, max(count, 1))[-1]
        assert taken.records == records

    asyncio.run(law())


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**53),
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30),
            st.binary(max_size=3000),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_tenant_source_and_body_come_back_unchanged(
    written: list[tuple[int, str, bytes]],
) -> None:
    async def law() -> None:
        with TemporaryDirectory() as root:
            async with opened(Path(root)) as journal:
                await asyncio.gather(*(journal.append(NOON, *row, None) for row in written))
                records = await read_all(journal, limit_bytes=1000)
        assert [(record.tenant, record.source, record.body) for record in records] == written

    asyncio.run(law())


async def test_who_waits_too_long_for_the_disk_is_told_so_though_the_record_is_kept(
    tmp_path: Path,
) -> None:
    impatient = JournalOptions(patience=timedelta(0))
    begun, release = threading.Event(), threading.Event()

    def stand_still() -> None:
        begun.set()
        release.wait(10)

    async with opened(tmp_path, options=impatient) as journal, asyncio.TaskGroup() as group:
        group.create_task(journal._committer.call(stand_still))  # noqa: SLF001  its thread
        await asyncio.to_thread(begun.wait)
        with pytest.raises(Unavailable) as raised:
            await append(journal, b"late")
        release.set()
        assert raised.value.code == "journal_slow"
        assert bodies(await read_all(journal)) == [b"late"]
