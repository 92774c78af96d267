"""Shared by the tests of the private PostgreSQL: talking to it, and killing what runs it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg

from gateway.storage.embedded import private_postgres
from gateway.storage.embedded.account import Account

GATEWAY = """
import asyncio, sys
from pathlib import Path
from gateway.storage.embedded import open_private_postgres

async def serve():
    async with open_private_postgres(Path(sys.argv[1]), progress=lambda words: None) as server:
        print(server.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(serve())
"""


class Words(list[str]):
    """What was told to the person who waits."""

    def __call__(self, words: str) -> None:
        self.append(words)


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def tell(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


async def make(data_dir: Path) -> None:
    """A database with one row in it, stopped."""
    async with private_postgres(data_dir, progress=Words()) as url:
        await tell(url, "CREATE TABLE kept AS SELECT 42 AS value")


def start_gateway(data_dir: Path) -> tuple[subprocess.Popen[str], int]:
    """Another process with a private PostgreSQL, and that PostgreSQL's pid."""
    process = subprocess.Popen(
        [sys.executable, "-c", GATEWAY, str(data_dir)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def exists(pid: int) -> bool:
    """A zombie, which some containers never reap, does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def kill_both(gateway: subprocess.Popen[str], pid: int) -> None:
    """As the machine does that runs out of memory."""
    os.kill(pid, signal.SIGKILL)
    kill(gateway)


def stranger_of(account: Account) -> subprocess.Popen[bytes]:
    """A process of the server's account that is no server."""
    with Path(os.devnull).open("wb") as nowhere:
        return account.launch(["sleep", "600"], log=nowhere, variables={}, held=nowhere.fileno())


def replace_in(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")


def uids_of(pid: int) -> set[str]:
    """Real, effective, saved and of the file system."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("Uid:"):
            return set(line.split()[1:])
    raise AssertionError("no Uid line")
