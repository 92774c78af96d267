"""A disk that is full: nothing torn, nothing lost, and it recovers by itself."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.intake.journal import JournalFull
from tests.logged import events
from tests.programs import PATIENCE_SECONDS
from tests.storage.journal.journals import (
    SMALL,
    Taken,
    append,
    bodies,
    crash_image,
    files_beside_lock,
    no_file_beyond,
    opened,
    read_all,
    segments,
)

LARGE = b"x" * 100_000


async def test_a_group_that_does_not_fit_is_refused_whole(tmp_path: Path) -> None:
    taken = Taken()
    async with opened(tmp_path / "live", taken) as journal:
        await append(journal, b"before")
        written = segments(tmp_path / "live")[0].stat().st_size
        with no_file_beyond(written + 50_000):
            with pytest.raises(JournalFull):
                await append(journal, LARGE)
            assert not journal.writable
            assert bodies(await read_all(journal)) == bodies(taken.records) == [b"before"]
            assert journal.unapplied_bytes == len(b"before")
            image = crash_image(tmp_path / "live", tmp_path / "image")
    async with opened(image) as journal:
        (leftover,) = journal.leftovers()
        assert bodies(await read_all(leftover)) == [b"before"]
        assert journal.damaged_segments == 0


async def test_the_next_append_goes_on_in_a_fresh_segment_with_fresh_numbers(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "live") as journal:
        await append(journal, b"before")
        with no_file_beyond(100_000), pytest.raises(JournalFull):
            await append(journal, LARGE)
        assert await append(journal, LARGE) == 3
        assert journal.writable
        assert len(segments(tmp_path / "live")) == 2
        assert [record.seq for record in await read_all(journal)] == [1, 3]
        image = crash_image(tmp_path / "live", tmp_path / "image")
    async with opened(image) as journal:
        (leftover,) = journal.leftovers()
        assert [record.seq for record in await read_all(leftover)] == [1, 3]
        assert journal.damaged_segments == 0


async def test_while_the_disk_is_full_every_append_is_refused_and_leaves_no_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as journal:
        with no_file_beyond(100):
            for _ in range(5):
                answers = await asyncio.gather(
                    *(append(journal, b"x") for _ in range(10)), return_exceptions=True
                )
                assert all(isinstance(answer, JournalFull) for answer in answers)
            assert files_beside_lock(tmp_path) == []
            assert journal.unapplied_bytes == 0
    assert events(caplog).count("the journal cannot be written") == 1


async def test_it_is_writable_again_without_a_request_when_there_is_room(tmp_path: Path) -> None:
    impatient = replace(SMALL, probe_interval=timedelta(milliseconds=50))
    async with opened(tmp_path, options=impatient) as journal:
        with no_file_beyond(100):
            with pytest.raises(JournalFull):
                await append(journal, b"x")
            for _ in range(10):
                assert await journal.read(0, 1) == []
            assert not journal.writable
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not journal.writable:
                assert await journal.read(0, 1) == []
        assert await append(journal, b"goes on") == 2


async def test_room_given_back_by_trimming_is_used(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for _ in range(3):
            await asyncio.gather(*(append(journal, LARGE) for _ in range(60)))
        with no_file_beyond(1000):
            with pytest.raises(JournalFull):
                await append(journal, LARGE)
            assert len(await read_all(journal, limit_bytes=2**20)) == 180
            await journal.trim(180)
            assert files_beside_lock(tmp_path) == []
        assert await append(journal, LARGE) == 182
