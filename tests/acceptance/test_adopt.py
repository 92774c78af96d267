"""What a lost host had taken in is brought to the ledger by hand."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.acceptance.harness import Gateway, api_of, installed
from tests.programs import PATIENCE_SECONDS, free_port

pytestmark = pytest.mark.acceptance

TAKEN = 25


def adopt(config: Path, directory: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "gateway", "journal", "adopt", str(directory)]
    return subprocess.run(
        [*command, "--config", config], capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )


async def lose(tmp_path: Path) -> Path:
    """A host that took in alerts, never reached PostgreSQL, and is gone; a copy of its disk."""
    directory = tmp_path / "host"
    directory.mkdir()
    nowhere = f'[postgres]\nurl = "postgresql://127.0.0.1:{free_port()}/nowhere"\n'
    with installed(directory, nowhere) as host:
        await asyncio.to_thread(host.start)
        async with api_of(host.url) as api:
            for number in range(TAKEN):
                labels = {"alertname": "Lost", "n": str(number)}
                await api.send("custom", {"labels": labels})
        await asyncio.to_thread(host.program.kill)
        copy = tmp_path / "copy"
        shutil.copytree(host.data_dir, copy)
        return copy


@pytest.fixture
def config(tmp_path: Path, database: str) -> Path:
    path = tmp_path / "living.toml"
    path.write_text(f'data_dir = "living"\n[postgres]\nurl = "{database}"\n')
    return path


async def test_all_of_it_is_in_the_ledger_once_and_removed_from_the_disk(
    tmp_path: Path, config: Path, owner: asyncpg.Connection
) -> None:
    copy = await lose(tmp_path)
    done = await asyncio.to_thread(adopt, config, copy)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert f"{TAKEN} of {TAKEN} requests are applied (100 %)" in done.stdout
    assert done.stdout.endswith("Adopted: 1 journals are in the ledger and removed.\n")
    assert await owner.fetchval("SELECT sum(occurrences) FROM strands") == TAKEN
    assert await owner.fetchval("SELECT count(*) FROM tickets") == TAKEN
    assert await owner.fetchval("SELECT count(*) FROM journal_progress") == 0
    again = await asyncio.to_thread(adopt, config, copy)
    assert again.stdout.endswith("Adopted: 0 journals are in the ledger and removed.\n")
    assert await owner.fetchval("SELECT sum(occurrences) FROM strands") == TAKEN


def test_what_a_running_gateway_owns_is_left_to_it(
    tmp_path: Path, config: Path, database: str
) -> None:
    with installed(tmp_path, f'[postgres]\nurl = "{database}"\n') as living:
        living.start()
        done = adopt(config, living.data_dir)
    assert done.returncode == 1
    assert "a gateway that runs owns slot-0" in done.stderr


def test_a_directory_without_journals_is_named(tmp_path: Path, config: Path) -> None:
    done = adopt(config, tmp_path)
    assert done.returncode == 1
    assert "holds no journals" in done.stderr


def test_a_gateway_of_one_role_needs_a_postgresql_that_others_can_reach(tmp_path: Path) -> None:
    one = Gateway(tmp_path, "")
    command = [sys.executable, "-m", "gateway", "serve", "--config", one.config, "--roles"]
    done = subprocess.run(
        [*command, "api"], capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 1
    assert "--roles needs a [postgres] url" in done.stderr
    wrong = subprocess.run(
        [*command, "api,cook"], capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert wrong.returncode == 2
    assert "cook is no role; there are intake, api, work" in wrong.stderr
