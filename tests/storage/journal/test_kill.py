"""Processes that are killed for real: what was answered is there."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.intake.journal import BEGUN_LIMIT
from tests.programs import PATIENCE_SECONDS
from tests.storage.journal.journals import append, bodies, opened, read_all, segments

ROOT = Path(__file__).parents[3]


@contextmanager
def child(verb: str, root: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.storage.journal.child", verb, str(root)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def holding_a_slot(root: Path) -> Iterator[subprocess.Popen[str]]:
    with child("hold", root) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        yield process


def said_before_it_died(verb: str, root: Path) -> str:
    with child(verb, root) as process:
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == -signal.SIGKILL
    return said


async def test_a_record_is_on_disk_when_its_appender_is_answered(tmp_path: Path) -> None:
    said_before_it_died("append-and-die", tmp_path)
    async with opened(tmp_path) as journal:
        (leftover,) = journal.leftovers()
        assert bodies(await read_all(leftover)) == [b"answered"]


async def test_nothing_answered_is_missing_after_a_kill_under_load(tmp_path: Path) -> None:
    answered: dict[int, bytes] = {}
    with child("append-for-ever", tmp_path) as process:
        assert process.stdout
        for line in process.stdout:
            seq, number = line.split()
            answered[int(seq)] = b"%d," % int(number) * 1000
            if len(answered) == 1500:
                process.kill()
        process.wait(timeout=PATIENCE_SECONDS)
    async with opened(tmp_path) as journal:
        (leftover,) = journal.leftovers()
        recovered = {record.seq: record.body for record in await read_all(leftover)}
        assert len(answered) >= 1500
        assert journal.damaged_segments == 0
        assert list(recovered) == list(range(1, leftover.last_seq + 1))
        for answered_seq, body in answered.items():
            assert recovered[answered_seq] == body


async def test_a_failed_write_is_not_tried_again_and_its_numbers_are_never_used_again(
    tmp_path: Path,
) -> None:
    said = json.loads(said_before_it_died("write-fails-once", tmp_path))
    assert said == {"before": 1, "failed": True, "after": 3, "read": ["before", "after"]}
    async with opened(tmp_path) as journal:
        (leftover,) = journal.leftovers()
        found = {record.seq: record.body for record in await read_all(leftover)}
        assert found.pop(2, b"fate unknown") == b"fate unknown"
        assert found == {1: b"before", 3: b"after"}
        assert journal.damaged_segments == 0


async def test_a_record_that_kills_is_known_by_how_often_it_was_begun(tmp_path: Path) -> None:
    said_before_it_died("append-and-die", tmp_path)
    begun_before = [int(said_before_it_died("begin-and-die", tmp_path)) for _ in range(3)]
    assert begun_before == [0, 1, 2]
    async with opened(tmp_path) as journal:
        (leftover,) = journal.leftovers()
        assert await leftover.begin(1) >= BEGUN_LIMIT
        await leftover.end()
        assert await leftover.begin(1) == 0


async def test_two_processes_never_own_one_slot(tmp_path: Path) -> None:
    with holding_a_slot(tmp_path) as first, holding_a_slot(tmp_path):
        async with opened(tmp_path) as journal:
            await append(journal, b"mine")
            assert await journal.claim_abandoned() == []
            assert [path.parent.name for path in segments(tmp_path)] == ["slot-2"]
        first.kill()
        first.wait(timeout=PATIENCE_SECONDS)
        async with opened(tmp_path) as journal:
            await append(journal, b"mine")
            assert [path.parent.name for path in segments(tmp_path)] == ["slot-0", "slot-2"]
