"""The real peers start, answer, and end when asked."""

import asyncio
import json
import signal
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.programs import alertmanager, eventually, free_port, prometheus, running

pytestmark = pytest.mark.acceptance


def test_a_real_prometheus_becomes_ready_and_ends_when_asked(
    prometheus_binary: Path, tmp_path: Path
) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1s}\n")
    with prometheus(prometheus_binary, config, tmp_path) as program:
        with urllib.request.urlopen(f"{program.url}/api/v1/status/buildinfo") as answer:
            assert json.load(answer)["data"]["version"]
        assert program.stop() == 0


def test_a_real_alertmanager_becomes_ready_and_ends_when_asked(
    alertmanager_binary: Path, tmp_path: Path
) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with alertmanager(alertmanager_binary, config, tmp_path) as program:
        with urllib.request.urlopen(f"{program.url}/api/v2/status") as answer:
            assert json.load(answer)["versionInfo"]["version"]
        # It is ready a moment before it listens to signals, and then just dies of one.
        assert program.stop() in (0, -signal.SIGTERM)


def test_a_program_that_ends_early_is_reported_with_its_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no such option'); raise SystemExit(2)"]
    url = f"http://127.0.0.1:{free_port()}"
    with (
        pytest.raises(AssertionError, match=r"(?s)ended \(2\).*no such option"),
        running("broken", command, url=url, log=tmp_path / "log"),
    ):
        pass


async def test_eventually_gives_the_first_thing_seen_and_names_the_last_when_there_is_none() -> (
    None
):
    answers = iter([0, 0, 7])

    async def look() -> int:
        await asyncio.sleep(0)
        return next(answers)

    assert await eventually(look) == 7

    async def look_in_vain() -> str:
        await asyncio.sleep(0)
        return ""

    with pytest.raises(AssertionError, match="seen last: ''"):
        await eventually(look_in_vain, within_seconds=0.05)
