"""Giving back: segments, what frees the disk, and what is counted meanwhile."""

import asyncio
from datetime import timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.journal.backlog import Backlog
from tests.storage.journal.journals import (
    NOON,
    SMALL,
    append,
    bodies,
    crash_image,
    files_beside_lock,
    opened,
    read_all,
    segments,
)

FILLING = b"x" * 300_000


def bytes_on_disk(root: Path) -> int:
    return sum(path.stat().st_size for path in root.glob("slot-*/*"))


async def test_a_full_segment_is_followed_by_another_and_the_sequence_goes_on(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as journal:
        await asyncio.gather(*(append(journal, FILLING) for _ in range(100)))
        assert len(segments(tmp_path)) > 1
        records = await read_all(journal)
        assert [record.seq for record in records] == list(range(1, 101))
        assert {record.body for record in records} == {FILLING}


async def test_trimming_unlinks_segments_that_hold_nothing_else(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for _ in range(6):
            await asyncio.gather(*(append(journal, FILLING) for _ in range(20)))
        before = segments(tmp_path)
        await journal.trim(60)
        assert set(segments(tmp_path)) < set(before)
        assert [record.seq for record in await read_all(journal, after=60)] == list(range(61, 121))


async def test_trimming_never_takes_what_is_not_applied(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        last = 0
        for _ in range(20):
            last = max(await asyncio.gather(*(append(journal, FILLING) for _ in range(5))))
            await journal.trim(last - 3)
            kept = await read_all(journal, after=last - 3)
            assert [record.seq for record in kept] == [last - 2, last - 1, last]


async def test_a_segment_that_is_not_full_is_given_back_when_all_is_applied(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as journal:
        last = max(await asyncio.gather(*(append(journal, b"x" * 10_000) for _ in range(14))))
        for _ in range(32):
            last = await append(journal, b"x")
        assert len(segments(tmp_path)) == 1
        await journal.trim(last - 1)
        assert len(segments(tmp_path)) == 1
        await journal.trim(last)
        assert files_beside_lock(tmp_path) == []
        assert await append(journal, b"goes on") == last + 1


async def test_many_small_groups_do_not_fill_the_disk(tmp_path: Path) -> None:
    async with opened(tmp_path / "live") as journal:
        for n in range(700):
            await append(journal, b"%d" % n)
        assert bytes_on_disk(tmp_path / "live") < SMALL.segment_bytes / 2
        expected = [b"%d" % n for n in range(700)]
        assert bodies(await read_all(journal)) == expected
        image = crash_image(tmp_path / "live", tmp_path / "image")
    async with opened(image) as journal:
        (leftover,) = journal.leftovers()
        assert bodies(await read_all(leftover)) == expected
        assert journal.damaged_segments == 0


async def test_a_read_is_bounded_but_gives_a_record_however_large(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for size in (10, 10, 5000, 10):
            await append(journal, b"x" * size)
        assert [record.seq for record in await journal.read(0, 20)] == [1, 2]
        assert [record.seq for record in await journal.read(1, 20)] == [2]
        assert [record.seq for record in await journal.read(2, 20)] == [3]
        assert [record.seq for record in await journal.read(3, 20)] == [4]
        assert await journal.read(4, 20) == []


async def test_what_is_not_applied_is_counted_exactly(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for n in range(1, 6):
            await append(journal, b"x" * n, after_noon_s=n)
        assert (journal.unapplied_records, journal.unapplied_bytes) == (5, 15)
        assert journal.oldest_unapplied_at == NOON + timedelta(seconds=1)
        await journal.trim(3)
        assert (journal.unapplied_records, journal.unapplied_bytes) == (2, 9)
        assert journal.oldest_unapplied_at == NOON + timedelta(seconds=4)
        await journal.trim(5)
        assert (journal.unapplied_records, journal.unapplied_bytes) == (0, 0)
        assert journal.oldest_unapplied_at is None


async def test_a_journal_that_is_all_applied_leaves_no_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await asyncio.gather(*(append(journal, FILLING) for _ in range(30)))
        await journal.trim(30)
    assert files_beside_lock(tmp_path) == []


async def test_a_journal_that_was_never_written_leaves_no_file(tmp_path: Path) -> None:
    async with opened(tmp_path):
        assert files_beside_lock(tmp_path) == []
    assert files_beside_lock(tmp_path) == []


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.lists(st.integers(0, 9), min_size=1), st.integers(0, 9))
    )
)
def test_the_backlog_is_the_sum_over_what_is_beyond_the_applied_position(
    steps: list[tuple[int, list[int], int]],
) -> None:
    backlog, model, applied, next_seq, total = Backlog(), dict[int, int](), 0, 1, 0
    for hole, sizes, progress in steps:
        next_seq += hole - 1
        backlog.add(next_seq, [(next_seq + n, size) for n, size in enumerate(sizes)])
        model |= dict(enumerate(sizes, next_seq))
        next_seq += len(sizes)
        total += sum(sizes)
        applied = min(applied + progress, next_seq - 1)
        total -= backlog.trim(applied)
        model = {seq: size for seq, size in model.items() if seq > applied}
        assert (len(backlog), total) == (len(model), sum(model.values()))
        assert backlog.oldest_us == min(model, default=None)
