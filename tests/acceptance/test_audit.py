"""What the auditor runs: histories are whole, or named."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.acceptance.harness import api_of, installed
from tests.programs import PATIENCE_SECONDS

pytestmark = pytest.mark.acceptance


def audit(config: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "gateway", "audit", *more, "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


def all_of(said: str) -> int:
    """How many histories there are, if all of them are whole."""
    found = whole_of(said)
    assert found[0] == found[1], said
    return found[1]


def whole_of(said: str) -> tuple[int, int]:
    """How many are whole, and of how many."""
    match = re.search(r"([\d,]+) of ([\d,]+) histories are as they were written\.\n$", said)
    assert match, said
    whole, every = (int(number.replace(",", "")) for number in match.groups())
    return whole, every


async def test_a_history_that_a_superuser_changed_is_named_beside_a_running_gateway(
    tmp_path: Path, database: str, owner: asyncpg.Connection
) -> None:
    with installed(tmp_path, f'[postgres]\nurl = "{database}"\n') as gateway:
        await asyncio.to_thread(gateway.start)
        async with api_of(gateway.url) as api:
            for name in ("Sound", "Spoilt"):
                await api.send("custom", {"labels": {"alertname": name}})
                await api.sole_ticket("open", alertname=name)
            spoilt = (await api.sole_ticket("open", alertname="Spoilt"))["id"]
            done = await asyncio.to_thread(audit, gateway.config)
            assert (done.returncode, done.stderr) == (0, "")
            all_before = all_of(done.stdout)
            assert all_before >= 2
            await owner.execute("ALTER TABLE history DISABLE TRIGGER ALL")
            await owner.execute("UPDATE history SET actor = 'nobody' WHERE object_id = $1", spoilt)
            done = await asyncio.to_thread(audit, gateway.config, "verify", "--tenant", "default")
            assert done.returncode == 1
            assert f"BROKEN: ticket {spoilt} of tenant 1: " in done.stdout
            assert whole_of(done.stdout) == (all_before - 1, all_before)
            done = await asyncio.to_thread(audit, gateway.config, "verify", "--tenant", "nobody")
            assert (done.returncode, done.stdout) == (1, "")
            assert "there is no tenant nobody" in done.stderr


async def test_a_private_postgresql_is_started_for_it(tmp_path: Path) -> None:
    with installed(tmp_path, "") as gateway:
        await asyncio.to_thread(gateway.start)
        async with api_of(gateway.url) as api:
            await api.send("custom", {"labels": {"alertname": "Private"}})
            await api.sole_ticket("open", alertname="Private")
            beside = await asyncio.to_thread(audit, gateway.config)
        await asyncio.to_thread(gateway.program.stop)
        alone = await asyncio.to_thread(audit, gateway.config)
    assert (beside.returncode, alone.returncode) == (0, 0), beside.stderr + alone.stderr
    assert all_of(beside.stdout) >= 1
    assert all_of(alone.stdout) >= 1
