"""The directory that holds the cluster, its log and its socket: `data_dir/postgres`, if it can be.

PostgreSQL's account must be able to pass through every parent. Where root keeps one closed (a clone
under /root), the permissions stay as they are and `data_dir/postgres` becomes a link to elsewhere.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from gateway.storage.embedded.account import Account
from gateway.storage.embedded.failures import PrivatePostgresFailed

STATE_DIR = Path("/var/lib/alert-gateway")
"""For clusters of root whose data_dir PostgreSQL's account cannot reach."""

_LONGEST_SOCKET_PATH = 107
"""Bytes in `sockaddr_un.sun_path` on Linux, less the ending NUL; macOS has 103."""
_SOCKET_NAME = ".s.PGSQL.5432"


def make_passable(directory: Path) -> None:
    """Make it if there is none; as root such that PostgreSQL's account may pass through."""
    if not directory.exists():
        directory.mkdir(parents=True)
        # Not by mkdir, whose mode the umask narrows.
        directory.chmod(0o711 if os.geteuid() == 0 else 0o700)


def find_home(
    data_dir: Path, account: Account, state_dir: Path, progress: Callable[[str], None]
) -> Path:
    """The home, made if there is none. *data_dir* exists and is absolute."""
    home = data_dir / "postgres"
    if home.is_symlink() and not home.exists():
        raise PrivatePostgresFailed(
            f"{home} points to {home.readlink()}, which is gone, and the database with it. "
            "Bring it back, or remove the link to begin with an empty database."
        )
    if not home.exists():
        _make_home(home, account, state_dir, progress)
    home = home.resolve()
    if home.stat().st_uid == os.geteuid():
        # Again, as a copy has lost the group.
        _open_to(account, home)
    if account.reaches(home):
        return home
    raise PrivatePostgresFailed(
        f"PostgreSQL runs as uid {account.uid}, which cannot enter {home}: was it made by another "
        "user, moved or copied? Let it and every directory above it be entered, or set data_dir."
    )


def socket_directory(home: Path, account: Account) -> Path:
    """Open to the account alone; in the temporary directory where the path would be too long."""
    inside = home / "socket"
    if _fits(inside):
        inside.mkdir(mode=0o700, exist_ok=True)
        account.own(inside)
        return inside
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108  by mkdtemp, below
        # A fresh name each time: nobody made it before us, and postmaster.pid remembers it.
        outside = Path(tempfile.mkdtemp(prefix="alert-gateway-", dir=parent))
        account.own(outside)
        if _fits(outside) and account.reaches(outside):
            return outside
        outside.rmdir()
    raise PrivatePostgresFailed(
        f"There is no place for PostgreSQL's socket: {inside} is too long a path for one, and "
        f"{tempfile.gettempdir()} will not do either. Choose a shorter data_dir."
    )


def _make_home(
    home: Path, account: Account, state_dir: Path, progress: Callable[[str], None]
) -> None:
    if account.reaches(home.parent):
        home.mkdir(mode=0o700)
        _open_to(account, home)
        return
    make_passable(state_dir)
    elsewhere = Path(tempfile.mkdtemp(prefix="postgres-", dir=state_dir))
    _open_to(account, elsewhere)
    if not account.reaches(elsewhere):
        elsewhere.rmdir()
        raise PrivatePostgresFailed(
            f"PostgreSQL refuses root and runs as uid {account.uid}, which can reach neither "
            f"{home.parent} nor {state_dir}. Put data_dir where every parent can be entered."
        )
    progress(
        f"PostgreSQL runs as uid {account.uid}, which cannot enter {home.parent}: "
        f"the database goes to {elsewhere}, and {home.name} there is a link to it."
    )
    home.symlink_to(elsewhere)


def _open_to(account: Account, directory: Path) -> None:
    """Root's own directory, which only the account's private group may pass through."""
    if not account.is_ours:
        os.chown(directory, os.geteuid(), account.gid)
        directory.chmod(0o710)


def _fits(directory: Path) -> bool:
    path = str(directory / _SOCKET_NAME)
    # Commas separate directories, for the server and for clients.
    return len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH and not set(path) & set(",\"'\\\n")
