"""Several processes that share one port: each is started anew when it ends unasked.

Their standard input is a pipe of ours in which nothing is ever said: its end means that the parent
is gone, however it went, and a child that nobody could stop or look after any more stops by itself.
"""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path

from gateway.backoff import BackOff
from gateway.cli.banner import banner
from gateway.cli.postgres import Say
from gateway.config import Config
from gateway.metrics import mark_process_dead, prepare_processes
from gateway.roles import ProcessRole

FIRST_CHILD = "ALERT_GATEWAY_FIRST_CHILD"
"""In the environment of the one that does what one of them must do."""


async def run_children(
    config: Config,
    config_path: Path | None,
    roles: frozenset[ProcessRole],
    environment: Mapping[str, str],
    stopping: asyncio.Event,
    say: Say,
) -> None:
    """Until *stopping*; then every child drains and ends."""
    metrics_dir = config.data_dir / "metrics"
    variables = {**os.environ, **environment, **prepare_processes(metrics_dir)}
    where = ["--config", str(config_path)] if config_path else []
    command = [sys.executable, "-m", "gateway", "serve", *where, "--roles", ",".join(roles)]
    async with asyncio.TaskGroup() as children:
        for number in range(config.http.workers):
            own = variables if number else {**variables, FIRST_CHILD: "yes"}
            children.create_task(_keep(command, own, metrics_dir, stopping, say))
        say(banner(config, config_path, config.http.listen, "alert-gateway"))


def stop_with_parent(stopping: asyncio.Event) -> None:
    """For a child: set *stopping* when the parent is gone."""
    loop, pipe = asyncio.get_running_loop(), sys.stdin.fileno()

    def stop() -> None:
        loop.remove_reader(pipe)
        stopping.set()

    loop.add_reader(pipe, stop)


async def _keep(
    command: list[str],
    variables: Mapping[str, str],
    metrics_dir: Path,
    stopping: asyncio.Event,
    say: Say,
) -> None:
    """One place among the processes: always taken, until *stopping*."""
    failures = 0
    while not stopping.is_set():
        process = await asyncio.create_subprocess_exec(
            *command, env=variables, stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        await _until_either(process, stopping)
        mark_process_dead(metrics_dir, process.pid)
        if not stopping.is_set():
            pause = BackOff().wait_seconds(failures + 1)
            say(f"Process {process.pid} ended ({process.returncode}); again in {pause:g} s ...")
            failures += 1
            await _wait(stopping, pause)


async def _until_either(process: Process, stopping: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        told = group.create_task(_tell(process, stopping))
        await process.wait()
        told.cancel()


async def _tell(process: Process, stopping: asyncio.Event) -> None:
    await stopping.wait()
    process.send_signal(signal.SIGTERM)


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
