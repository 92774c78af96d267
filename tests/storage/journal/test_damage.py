"""Segments that are damaged, torn or unreadable: told apart, kept, given up only with a noise."""

import os
from pathlib import Path

import pytest

from gateway.storage.journal.journal import JournalOptions
from gateway.storage.journal.segment import BLOCK_BYTES
from tests.logged import events
from tests.storage.journal.journals import (
    HALF_A_SEGMENT,
    append,
    bodies,
    crashed,
    files_beside_lock,
    opened,
    read_all,
    segments,
)

DAMAGED = "a segment of the journal is damaged; answered requests may be lost"
UNREADABLE = "a segment of the journal cannot be opened; the next start tries again"


async def test_an_unfinished_group_at_the_end_is_no_damage(tmp_path: Path) -> None:
    root = await crashed(tmp_path, b"one", b"two", b"x" * 50_000)
    last = segments(root)[0]
    os.truncate(last, last.stat().st_size - 20_000)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert bodies(await read_all(leftover)) == [b"one", b"two"]
        assert journal.damaged_segments == 0


async def test_a_last_group_whose_pages_reached_the_disk_out_of_order_is_no_damage(
    tmp_path: Path,
) -> None:
    root = await crashed(tmp_path, b"one", b"two", b"x" * 50_000)
    last = segments(root)[0]
    flip(last, last.stat().st_size - 40_000)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert bodies(await read_all(leftover)) == [b"one", b"two"]
        assert journal.damaged_segments == 0


async def test_a_segment_that_was_never_finished_is_removed(tmp_path: Path) -> None:
    root = await crashed(tmp_path, b"one")
    (root / "slot-0" / f"{'a' * 32}-000001.segment").touch()
    (root / "slot-0" / f"{'b' * 32}-000001.segment").write_bytes(bytes(BLOCK_BYTES))
    async with opened(root) as journal:
        assert len(journal.leftovers()) == 1
        assert len(segments(root)) == 1
        assert (journal.damaged_segments, journal.unreadable_segments) == (0, 0)


async def test_a_file_that_is_no_segment_is_set_aside_and_the_others_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = await crashed(tmp_path, *[HALF_A_SEGMENT] * 16)
    damaged = segments(root)[0]
    damaged.write_bytes(b"this is not a segment" * 1000)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert leftover.last_seq == 16
        assert len(await read_all(leftover)) > 0
        assert journal.damaged_segments == 1
        assert events(caplog).count(DAMAGED) == 1
        await leftover.discard()
    assert files_beside_lock(root) == [damaged.name + ".corrupt"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.85])
async def test_a_flipped_byte_is_noticed_the_rest_is_read_and_the_bytes_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, share: float
) -> None:
    root = await crashed(tmp_path, *[b"%d" % n * 20_000 for n in range(10)])
    damaged = segments(root)[0]
    before = damaged.read_bytes()
    lost = int(10 * share)
    flip(damaged, BLOCK_BYTES + int((len(before) - BLOCK_BYTES) * share) + 3)
    for start in (1, 2):
        async with opened(root) as journal:
            (leftover,) = journal.leftovers()
            found = bodies(await read_all(leftover))
            assert found == [b"%d" % n * 20_000 for n in range(10) if n != lost]
            assert journal.damaged_segments == 1
            assert events(caplog).count(DAMAGED) == start
    async with opened(root) as journal:
        await journal.leftovers()[0].discard()
    kept = damaged.with_name(damaged.name + ".corrupt")
    assert files_beside_lock(root) == [kept.name]
    assert kept.stat().st_size == len(before)


async def test_a_body_that_looks_like_a_frame_is_none(tmp_path: Path) -> None:
    """Not even one that quotes another segment."""
    root = await crashed(tmp_path, b"one", b"two")
    quoted = segments(root)[0].read_bytes()[BLOCK_BYTES:]
    (tmp_path / "other").mkdir()
    root = await crashed(tmp_path / "other", b"first", quoted * 3, b"last")
    flip(segments(root)[0], BLOCK_BYTES + 200)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert bodies(await read_all(leftover)) == [b"first", b"last"]
        assert journal.damaged_segments == 1


async def test_a_lost_end_of_a_segment_that_was_followed_by_another_is_noticed(
    tmp_path: Path,
) -> None:
    root = await crashed(tmp_path, *[HALF_A_SEGMENT] * 16)
    last = segments(root)[0]
    os.truncate(last, last.stat().st_size - 100_000)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert journal.damaged_segments == 1
        seqs = [record.seq for record in await read_all(leftover)]
        assert seqs == sorted(seqs)
        assert len(seqs) == 15


async def test_a_stretch_of_noise_is_noticed_and_the_other_segments_are_read(
    tmp_path: Path,
) -> None:
    root = await crashed(tmp_path, *[HALF_A_SEGMENT] * 16)
    damaged, *whole = segments(root)
    assert whole
    with damaged.open("r+b") as file:
        file.seek(BLOCK_BYTES)
        file.write(b"\xff" * (damaged.stat().st_size - BLOCK_BYTES))
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert journal.damaged_segments == 1
        assert (await read_all(leftover))[-1].seq == 16
    assert damaged.with_name(damaged.name + ".corrupt").exists()


async def test_of_a_segment_that_breaks_while_it_is_written_the_rest_is_read_and_another_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, options=JournalOptions()) as journal:
        for _ in range(40):
            await append(journal, HALF_A_SEGMENT)
        with segments(tmp_path)[0].open("r+b") as file:
            file.seek(50_000)
            file.write(b"\xff" * 6_000_000)
        assert [record.seq for record in await journal.read(0, 1)] == [12]
        assert events(caplog).count(DAMAGED) == journal.damaged_segments == 1
        assert await append(journal, b"goes on") == 41
        assert len(segments(tmp_path)) == 2
        assert [record.seq for record in await read_all(journal)] == list(range(12, 42))
        assert journal.damaged_segments == 1


async def test_what_cannot_be_opened_now_stays_and_what_lies_behind_waits_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = await crashed(tmp_path, *[HALF_A_SEGMENT] * 24)
    _, second, *later = segments(root)
    assert later
    set_format(second, 2)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        last_seq = leftover.last_seq
        assert [record.seq for record in await read_all(leftover)] == list(range(1, last_seq + 1))
        assert last_seq < 24
        assert (journal.damaged_segments, journal.unreadable_segments) == (0, 1)
        assert events(caplog).count(UNREADABLE) == 1
        await leftover.discard()
    assert segments(root) == [second, *later]
    set_format(second, 1)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        seqs = [record.seq for record in await read_all(leftover)]
        assert seqs == list(range(last_seq + 1, 25))
        assert journal.damaged_segments == 0


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))


def set_format(segment: Path, version: int) -> None:
    with segment.open("r+b") as file:
        file.seek(8)
        file.write(version.to_bytes(2, "little"))
