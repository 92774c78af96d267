"""The private PostgreSQL in every odd place, reached by whom it should be and nobody else."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from gateway.storage.embedded import (
    PrivatePostgresFailed,
    open_private_postgres,
    private_postgres,
)
from gateway.storage.embedded.account import BARRIER_GID, Account, account_for
from gateway.storage.embedded.binaries import Binaries, binaries_for, runnable
from gateway.storage.embedded.cluster import create_cluster
from gateway.storage.embedded.home import find_home
from tests.storage.embedded.steps import Words, ask, tell, uids_of

# ---------------------------------------------------------------- who may reach it


async def test_it_listens_on_its_socket_alone(made_dir: Path) -> None:
    async with open_private_postgres(made_dir, progress=Words()) as server:
        assert await ask(server.url, "SHOW listen_addresses") == ""
        sockets = server.home / "socket"
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE((sockets / ".s.PGSQL.5432").stat().st_mode) == 0o700


async def test_no_process_of_it_is_root(made_dir: Path) -> None:
    async with open_private_postgres(made_dir, progress=Words()) as server:
        assert uids_of(server.pid) == {str(account_for(server.home / "cluster").uid)}
        assert "0" not in uids_of(server.pid)


async def test_other_processes_of_the_same_shared_account_cannot_enter(made_dir: Path) -> None:
    account = account_for(made_dir / "postgres" / "cluster")
    async with open_private_postgres(made_dir, progress=Words()) as server:
        assert account.reaches(server.home)
        if account.is_ours:
            assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
        else:
            assert account.gid == BARRIER_GID
            assert not Account(account.uid, 65_534).reaches(server.home)


async def test_variables_for_other_postgresql_servers_change_nothing(
    made_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGHOST": "db.example.org",
        "PGPORT": "1",
        "PGUSER": "somebody",
        "PGDATABASE": "elsewhere",
        "PGDATA": "/nowhere",
    }.items():
        monkeypatch.setenv(name, value)
    async with private_postgres(made_dir, progress=Words()) as url:
        assert await ask(url, "SELECT current_user || '@' || current_database()") == (
            "postgres@postgres"
        )


# ---------------------------------------------------------------- odd places


async def test_a_directory_closed_to_others_will_do_and_stays_closed(data_dir: Path) -> None:
    closed = data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    state_dir = data_dir.parent / "state"
    for _ in range(2):
        async with open_private_postgres(
            closed / "data", progress=Words(), state_dir=state_dir
        ) as server:
            await tell(server.url, "CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS value")
            assert await ask(server.url, "SELECT value FROM kept") == 42
            assert (closed / "data" / "postgres").resolve() == server.home
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert len(list(state_dir.glob("*"))) == (1 if os.geteuid() == 0 else 0)


def test_binaries_closed_to_others_will_do(data_dir: Path) -> None:
    data_dir.mkdir()
    account = account_for(data_dir / "postgres" / "cluster")
    home = find_home(data_dir, account, data_dir / "unused", Words())
    hidden = hidden_copy(binaries_for(None), data_dir / "closed")
    found = runnable(hidden, account, home, Words())
    create_cluster(home / "cluster", found, account, Words())
    assert (home / "cluster" / "PG_VERSION").read_text() == f"{hidden.major}\n"


def hidden_copy(shipped: Binaries, closed: Path) -> Binaries:
    """Where only we can enter, as in a virtual environment under /root."""
    closed.mkdir(mode=0o700)
    package = shipped.root.parent
    shutil.copytree(shipped.root, closed / package.name / shipped.root.name)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, closed / libraries.name)
    return Binaries(shipped.major, closed / package.name / shipped.root.name)


async def test_a_database_whose_link_leads_nowhere_is_not_silently_made_anew(
    made_dir: Path,
) -> None:
    shutil.rmtree((made_dir / "postgres").resolve())
    (made_dir / "postgres").symlink_to(made_dir / "unmounted")
    with pytest.raises(PrivatePostgresFailed, match="which is gone"):
        async with private_postgres(made_dir, progress=Words()):
            pass


@pytest.mark.parametrize(
    "name",
    ["x" * 110, "a, 'b'", "100%41 ?host=b&c#d", "данные"],
    ids=lambda name: name[:12],
)
async def test_the_name_of_the_directory_does_not_matter(data_dir: Path, name: str) -> None:
    async with open_private_postgres(data_dir / name, progress=Words()) as server:
        assert await ask(server.url, "SELECT 1") == 1
        sockets = server.home / "socket"
        outside = None if sockets.exists() else Path(server.url.split("host=")[1].split("&")[0])
    assert outside is None or not outside.exists()


async def test_a_copy_of_a_database_is_a_database_also_when_root_copied_it(made_dir: Path) -> None:
    copy = shutil.copytree(made_dir, made_dir.with_name("copy"))
    async with private_postgres(copy, progress=Words()) as url:
        assert await ask(url, "SELECT value FROM kept") == 42
    assert {path.stat().st_uid for path in (copy / "postgres" / "cluster").rglob("*")} == {
        account_for(copy / "postgres" / "cluster").uid
    }
