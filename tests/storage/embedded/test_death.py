"""The private PostgreSQL after every way of dying: its gateway's, its own, both."""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg

from gateway.storage.embedded import (
    PrivatePostgres,
    open_private_postgres,
    private_postgres,
)
from gateway.storage.embedded.account import account_for
from tests.storage.embedded.steps import (
    Words,
    ask,
    exists,
    kill,
    kill_both,
    replace_in,
    start_gateway,
    stranger_of,
)


async def test_a_server_left_by_a_killed_gateway_is_taken_over_and_stopped(made_dir: Path) -> None:
    gateway, pid = start_gateway(made_dir)
    kill(gateway)
    assert exists(pid)
    words = Words()
    async with open_private_postgres(made_dir, progress=words) as server:
        assert server.pid == pid
        assert await ask(server.url, "SELECT value FROM kept") == 42
    assert not exists(pid)
    assert words == [f"Taking over the PostgreSQL left running (process {pid}) ..."]


async def test_a_server_killed_with_its_gateway_is_started_again_at_once(made_dir: Path) -> None:
    gateway, pid = start_gateway(made_dir)
    kill_both(gateway, pid)
    async with open_private_postgres(made_dir, progress=Words()) as server:
        assert server.pid != pid
        assert await ask(server.url, "SELECT value FROM kept") == 42


async def test_a_server_that_was_just_told_to_stop_is_replaced(made_dir: Path) -> None:
    gateway, pid = start_gateway(made_dir)
    kill(gateway)
    os.kill(pid, signal.SIGINT)
    async with private_postgres(made_dir, progress=Words()) as url:
        assert await ask(url, "SELECT value FROM kept") == 42


async def test_a_process_that_got_the_number_of_a_dead_server_is_no_obstacle(
    made_dir: Path,
) -> None:
    gateway, pid = start_gateway(made_dir)
    kill_both(gateway, pid)
    cluster = made_dir / "postgres" / "cluster"
    stranger = stranger_of(account_for(cluster))
    for file in (cluster / "postmaster.pid", cluster.parent / "socket" / ".s.PGSQL.5432.lock"):
        replace_in(file, str(pid), str(stranger.pid))
    try:
        async with private_postgres(made_dir, progress=Words()) as url:
            assert await ask(url, "SELECT value FROM kept") == 42
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_watched_server_that_dies_is_started_again_at_the_same_address(
    made_dir: Path,
) -> None:
    async with open_private_postgres(made_dir, progress=Words()) as server:
        url, pid = server.url, server.pid
        watch = asyncio.ensure_future(server.keep_running())
        os.kill(pid, signal.SIGKILL)
        await back(server, pid)
        watch.cancel()
        assert server.url == url
        assert await ask(url, "SELECT value FROM kept") == 42


async def back(server: PrivatePostgres, not_as: int) -> None:
    """Until it answers as another process."""
    while True:
        try:
            await ask(server.url, "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            pass
        else:
            if server.pid != not_as:
                return
        await asyncio.sleep(0.02)


async def test_ctrl_c_in_the_terminal_does_not_reach_it(made_dir: Path) -> None:
    async with open_private_postgres(made_dir, progress=Words()) as server:
        assert os.getsid(server.pid) != os.getsid(0)
        assert os.getpgid(server.pid) != os.getpgid(0)
