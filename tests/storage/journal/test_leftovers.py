"""Journals of earlier starts: found whole, counted, drained and removed."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.intake.journal import JournalFull, Leftover
from gateway.storage.journal.journal import JournalOptions
from tests.storage.journal.journals import (
    HALF_A_SEGMENT,
    NOON,
    append,
    bodies,
    crash_image,
    crashed,
    files_beside_lock,
    opened,
    read_all,
    segments,
)


async def test_what_a_crash_left_is_read_and_counted(tmp_path: Path) -> None:
    root = await crashed(tmp_path, b"one", b"two", b"three")
    async with opened(root) as journal:
        (recovered,) = journal.leftovers()
        leftover: Leftover = recovered
        assert leftover.id != journal.id
        assert leftover.last_seq == 3
        assert bodies(await read_all(leftover)) == [b"one", b"two", b"three"]
        assert (journal.unapplied_records, journal.unapplied_bytes) == (3, 11)
        assert journal.oldest_unapplied_at == NOON
        await leftover.trim(1)
        assert (journal.unapplied_records, journal.unapplied_bytes) == (2, 8)
        assert journal.oldest_unapplied_at == NOON + timedelta(seconds=1)


async def test_what_is_left_counts_against_the_bound(tmp_path: Path) -> None:
    root = await crashed(tmp_path, b"x" * 60, b"x" * 40)
    async with opened(root, options=JournalOptions(max_bytes=120)) as journal:
        with pytest.raises(JournalFull):
            await append(journal, b"x" * 21)
        (leftover,) = journal.leftovers()
        await leftover.trim(1)
        assert await append(journal, b"x" * 80) == 1
        assert not journal.writable
        await leftover.discard()
        assert journal.writable


async def test_a_discarded_leftover_is_gone_for_good(tmp_path: Path) -> None:
    root = await crashed(tmp_path, b"one")
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        await leftover.begin(1)
        await leftover.discard()
        assert journal.leftovers() == []
        assert journal.unapplied_records == 0
        assert files_beside_lock(root) == []


async def test_an_orderly_stop_is_no_kill(tmp_path: Path) -> None:
    root = await crashed(tmp_path, b"one")
    for _ in range(3):
        async with opened(root) as journal:
            assert await journal.leftovers()[0].begin(1) == 0


async def test_a_process_that_ends_with_an_error_may_have_been_ended_by_the_record(
    tmp_path: Path,
) -> None:
    root = await crashed(tmp_path, b"one")
    for begun_before in range(3):
        with pytest.raises(MemoryError):
            async with opened(root) as journal:
                assert await journal.leftovers()[0].begin(1) == begun_before
                raise MemoryError


async def test_trimming_a_leftover_unlinks_its_segments(tmp_path: Path) -> None:
    root = await crashed(tmp_path, *[HALF_A_SEGMENT] * 16)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        before = segments(root)
        assert len(before) > 1
        await leftover.trim(15)
        assert len(segments(root)) == 1
        assert [record.seq for record in await read_all(leftover, after=15)] == [16]
        assert journal.unapplied_records == 1


async def test_what_was_not_drained_is_left_again(tmp_path: Path) -> None:
    root = await crashed(tmp_path, b"one", b"two")
    async with opened(root) as journal:
        (first,) = journal.leftovers()
        await append(journal, b"three", after_noon_s=3)
        second = journal.id
    async with opened(root) as journal:
        assert [leftover.id for leftover in journal.leftovers()] == [first.id, second]
        found = [bodies(await read_all(leftover)) for leftover in journal.leftovers()]
        assert found == [[b"one", b"two"], [b"three"]]
        assert journal.unapplied_records == 3


async def test_closing_copies_nothing_however_much_is_left(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for _ in range(16):
            await append(journal, HALF_A_SEGMENT)
        sizes = sizes_of(tmp_path)
    assert sizes_of(tmp_path) == sizes
    async with opened(tmp_path) as journal:
        (leftover,) = journal.leftovers()
        assert bodies(await read_all(leftover)) == [HALF_A_SEGMENT] * 16
    assert sizes_of(tmp_path) == sizes


async def test_each_start_has_an_id_of_its_own(tmp_path: Path) -> None:
    ids = set()
    for _ in range(5):
        async with opened(tmp_path) as journal:
            ids.add(journal.id)
            await append(journal, b"x")
    assert len(ids) == 5
    assert min(map(len, ids)) >= 16
    async with opened(tmp_path) as journal:
        assert {leftover.id for leftover in journal.leftovers()} == ids


async def test_the_slots_of_the_dead_are_taken_over_and_given_back(tmp_path: Path) -> None:
    live = tmp_path / "live"
    async with opened(live) as one, opened(live) as other, opened(live) as third:
        for number, journal in enumerate((one, other, third)):
            await append(journal, b"%d" % number)
        root = crash_image(live, tmp_path / "image")
    async with opened(root) as journal, opened(root) as neighbour:
        assert [bodies(await read_all(left)) for left in journal.leftovers()] == [[b"0"]]
        claimed = await journal.claim_abandoned()
        assert [bodies(await read_all(left)) for left in claimed] == [[b"2"]]
        assert journal.unapplied_records == 2
        assert await neighbour.claim_abandoned() == []
        async with opened(root):
            assert (root / "slot-3").exists()
        for leftover in journal.leftovers():
            await leftover.discard()
        assert await journal.claim_abandoned() == []
        async with opened(root) as reuser:
            await append(reuser, b"x")
            assert [path.parent.name for path in segments(root)] == ["slot-1", "slot-2"]


async def test_files_and_folders_are_private(tmp_path: Path) -> None:
    root = tmp_path / "data" / "journal"
    umask = os.umask(0)
    try:
        async with opened(root) as journal:
            await append(journal, b"secret")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*")}
            assert stat.S_IMODE(root.stat().st_mode) == 0o700
    finally:
        os.umask(umask)
    assert modes.pop("slot-0") == 0o700
    assert len(modes) == 2
    assert set(modes.values()) == {0o600}


async def test_more_segments_than_are_kept_open_are_all_read(tmp_path: Path) -> None:
    tiny = JournalOptions(segment_bytes=1)
    live = tmp_path / "live"
    at_most = open_descriptors() + 150
    async with opened(live, options=tiny) as journal:
        last = 0
        for _ in range(200):
            last = await append(journal, b"x")
        assert len(await read_all(journal)) == last
        assert len(segments(live)) == 200
        assert open_descriptors() < at_most
        root = crash_image(live, tmp_path / "image")
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert open_descriptors() < at_most
        assert len(await read_all(leftover)) == last
        assert (journal.damaged_segments, journal.unreadable_segments) == (0, 0)


def sizes_of(root: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in root.glob("slot-*/*.segment")}


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
