"""Journals of earlier starts: found whole, counted, drained, and given up only with a noise."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.intake.journal import JournalFull, Leftover
from gateway.storage.journal.files import write_ahead_log
from gateway.storage.journal.journal import JournalOptions
from tests.storage.journal.journals import (
    NOON,
    append,
    bodies,
    crash_image,
    files_beside_lock,
    opened,
    read_all,
    segments,
)

DAMAGED = "a segment of the journal is damaged; answered requests may be lost"
UNREADABLE = "a segment of the journal cannot be opened; the next start tries again"
HALF_A_SEGMENT = b"x" * 600_000


async def crashed(tmp_path: Path, *written: bytes) -> Path:
    """A root that a process left which had appended these one by one."""
    live = tmp_path / "live"
    async with opened(live) as journal:
        for n, body in enumerate(written):
            await append(journal, body, after_noon_s=n)
        await read_all(journal)  # then the thread rests, and no file changes while it is copied
        crash_image(live, tmp_path / "image")
    shutil.rmtree(live)
    return tmp_path / "image"


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


async def test_a_segment_whose_closing_was_cut_short_is_found(tmp_path: Path) -> None:
    root = await crashed(tmp_path, b"one")
    (segment,) = segments(root)
    segment.rename(segment.with_name(segment.name + ".closing"))
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert bodies(await read_all(leftover)) == [b"one"]


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
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}


async def test_an_unfinished_group_at_the_end_is_no_damage(tmp_path: Path) -> None:
    root = await crashed(tmp_path, b"one", b"two", b"x" * 50_000)
    log = write_ahead_log(segments(root)[0])
    os.truncate(log, log.stat().st_size - 20_000)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert bodies(await read_all(leftover)) == [b"one", b"two"]
        assert journal.damaged_segments == 0


async def test_a_last_group_whose_pages_reached_the_disk_out_of_order_is_no_damage(
    tmp_path: Path,
) -> None:
    root = await crashed(tmp_path, b"one", b"two", b"x" * 50_000)
    log = write_ahead_log(segments(root)[0])
    flip(log, log.stat().st_size - 40_000)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert bodies(await read_all(leftover)) == [b"one", b"two"]
        assert journal.damaged_segments == 0


async def test_a_segment_that_was_never_finished_is_removed(tmp_path: Path) -> None:
    root = await crashed(tmp_path, b"one")
    (root / "slot-0" / f"{'a' * 32}-000001.sqlite").touch()
    (root / "slot-0" / f"{'b' * 32}-000001.sqlite-wal").write_bytes(b"log without a database")
    async with opened(root) as journal:
        assert len(journal.leftovers()) == 1
        assert len(segments(root)) == 1
        assert (journal.damaged_segments, journal.unreadable_segments) == (0, 0)


async def test_a_file_that_is_no_database_is_set_aside_and_the_others_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = await crashed(tmp_path, *[HALF_A_SEGMENT] * 16)
    damaged = segments(root)[0]
    write_ahead_log(damaged).unlink()
    damaged.write_bytes(b"this is not a database" * 1000)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert leftover.last_seq == 16
        assert len(await read_all(leftover)) > 0
        assert journal.damaged_segments == 1
        assert caplog.messages.count(DAMAGED) == 1
        await leftover.discard()
    assert files_beside_lock(root) == [damaged.name + ".corrupt"]


async def test_an_emptied_database_does_not_take_its_log_along(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = await crashed(tmp_path, b"one")
    damaged = segments(root)[0]
    os.truncate(damaged, 0)
    log_bytes = write_ahead_log(damaged).read_bytes()
    async with opened(root) as journal:
        assert journal.leftovers() == []
        assert journal.damaged_segments == 1
        assert DAMAGED in caplog.messages
    assert (damaged.parent / f"{damaged.name}.corrupt-wal").read_bytes() == log_bytes


async def test_a_flipped_byte_in_the_log_is_noticed_and_the_bytes_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = await crashed(tmp_path, *[b"%d" % n * 20_000 for n in range(10)])
    damaged = segments(root)[0]
    log = write_ahead_log(damaged)
    flip(log, log.stat().st_size // 2)
    for start in (1, 2):
        async with opened(root) as journal:
            (leftover,) = journal.leftovers()
            found = bodies(await read_all(leftover))
            assert 0 < len(found) < 9
            assert found == [b"%d" % n * 20_000 for n in range(len(found))]
            assert journal.damaged_segments == 1
            assert caplog.messages.count(DAMAGED) == start
    async with opened(root) as journal:
        await journal.leftovers()[0].discard()
    kept = damaged.with_name(damaged.name + ".corrupt")
    assert files_beside_lock(root) == [kept.name, kept.name + "-wal"]


async def test_a_flipped_byte_at_the_logs_beginning_is_noticed_and_the_bytes_are_kept(
    tmp_path: Path,
) -> None:
    root = await crashed(tmp_path, *[b"%d" % n * 20_000 for n in range(10)])
    damaged = segments(root)[0]
    log_bytes = write_ahead_log(damaged).stat().st_size
    flip(write_ahead_log(damaged), 16)
    async with opened(root) as journal:
        assert journal.leftovers() == []
        assert journal.damaged_segments == 1
    kept = damaged.with_name(damaged.name + ".corrupt-wal")
    assert kept.stat().st_size == log_bytes


async def test_a_lost_end_of_a_segment_that_was_followed_by_another_is_noticed(
    tmp_path: Path,
) -> None:
    root = await crashed(tmp_path, *[HALF_A_SEGMENT] * 16)
    log = write_ahead_log(segments(root)[0])
    os.truncate(log, log.stat().st_size - 100_000)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert journal.damaged_segments == 1
        seqs = [record.seq for record in await read_all(leftover)]
        assert seqs == sorted(seqs)
        assert len(seqs) == 15


async def test_a_broken_page_is_noticed_and_the_other_segments_are_read(tmp_path: Path) -> None:
    root = await crashed(tmp_path, *[HALF_A_SEGMENT] * 16)
    damaged, *whole = segments(root)
    assert whole
    copy_log(damaged)
    with damaged.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (damaged.stat().st_size - 8192))
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert journal.damaged_segments == 1
        assert (await read_all(leftover))[-1].seq == 16
    assert damaged.with_name(damaged.name + ".corrupt").exists()


async def test_a_segment_that_breaks_while_it_is_written_is_set_aside_and_another_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, options=JournalOptions()) as journal:
        for _ in range(40):
            await append(journal, HALF_A_SEGMENT)
        with write_ahead_log(segments(tmp_path)[0]).open("r+b") as file:
            file.seek(50_000)
            file.write(b"\xff" * 6_000_000)
        assert await journal.read(0, 1) == []
        assert caplog.messages.count(DAMAGED) == journal.damaged_segments == 1
        assert await append(journal, b"goes on") == 41
        assert bodies(await read_all(journal)) == [b"goes on"]


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
        assert caplog.messages.count(UNREADABLE) == 1
        await leftover.discard()
    assert segments(root) == [second, *later]
    set_format(second, 1)
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        seqs = [record.seq for record in await read_all(leftover)]
        assert seqs == list(range(last_seq + 1, 25))
        assert journal.damaged_segments == 0


async def test_more_segments_than_are_kept_open_are_all_read(tmp_path: Path) -> None:
    tiny = JournalOptions(segment_bytes=1)
    live = tmp_path / "live"
    at_most = open_descriptors() + 150
    async with opened(live, options=tiny) as journal:
        last = 0
        for _ in range(80):
            for _ in range(32):
                last = await append(journal, b"x")
        assert len(await read_all(journal)) == last
        assert len(segments(live)) == 80
        assert open_descriptors() < at_most
        root = crash_image(live, tmp_path / "image")
    async with opened(root) as journal:
        (leftover,) = journal.leftovers()
        assert open_descriptors() < at_most
        assert len(await read_all(leftover)) == last
        assert (journal.damaged_segments, journal.unreadable_segments) == (0, 0)


def sizes_of(root: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in root.glob("slot-*/*.sqlite*")}


def copy_log(segment: Path) -> None:
    """As SQLite itself does when the last connection is closed."""
    with closing(sqlite3.connect(segment)) as connection:
        connection.execute("SELECT count(*) FROM records").fetchone()
    assert not write_ahead_log(segment).exists()


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))


def set_format(segment: Path, version: int) -> None:
    with closing(sqlite3.connect(segment, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
