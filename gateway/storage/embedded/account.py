"""The account PostgreSQL runs as: our own or, as it refuses root, an unprivileged one."""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gateway.storage.embedded.failures import PrivatePostgresFailed

BARRIER_GID = 65_529
"""No account has this group. What root opens to it alone, and runs with it, is closed to other
processes of a shared account such as `nobody`: they can neither read nor connect nor trace."""

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All a PostgreSQL program of ours sees: PGDATA, PGPORT and their like must not reach it."""

_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """Numeric user and group of PostgreSQL's processes."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        return self.uid == os.geteuid()

    def own(self, path: Path) -> None:
        """Give the path, not what is in it, to this account."""
        if not self.is_ours:
            os.chown(path, self.uid, self.gid)

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run to the end. PermissionError where this account cannot reach the program."""
        return subprocess.run(  # noqa: S603  programs and paths of our own
            command,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=ENVIRONMENT,
            user=None if self.is_ours else self.uid,
            group=None if self.is_ours else self.gid,
            extra_groups=None if self.is_ours else (),
        )

    def launch(
        self,
        command: Sequence[str | Path],
        *,
        log: IO[bytes],
        variables: Mapping[str, str],
        held: int,
    ) -> subprocess.Popen[bytes]:
        """Start in a session of its own, out of reach of the terminal's Ctrl-C.

        The file descriptor *held* stays open in it and in all its children.
        """
        return subprocess.Popen(  # noqa: S603  as above
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(held,),
            cwd="/",
            env={**ENVIRONMENT, **variables},
            start_new_session=True,
            umask=0o077,
            user=None if self.is_ours else self.uid,
            group=None if self.is_ours else self.gid,
            extra_groups=None if self.is_ours else (),
        )

    def reaches(self, directory: Path) -> bool:
        """Whether this account may pass through the directory and all its parents."""
        if self.is_ours:
            return os.access(directory, os.X_OK)
        try:
            return self.run(["test", "-x", directory]).returncode == 0
        except PermissionError as error:
            raise PrivatePostgresFailed(
                f"PostgreSQL refuses to run as root, and root may not become uid {self.uid} here "
                "(a container without CAP_SETUID?). Run the gateway as a user, or set "
                "[postgres] url."
            ) from error


def account_for(cluster: Path) -> Account:
    """The owner of an existing cluster, else whoever may own a new one."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if cluster.exists():
        owner = cluster.stat()
        # A cluster of root is one that was copied by root: it gets an owner again.
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    return _unprivileged()


def _unprivileged() -> Account:
    # initdb insists on an entry in the password database, so a bare number will not do.
    for name in _CANDIDATES:
        try:
            return Account(pwd.getpwnam(name).pw_uid, BARRIER_GID)
        except KeyError:
            continue
    raise PrivatePostgresFailed(
        "PostgreSQL refuses to run as root, and there is no account to run it as: none of "
        f"{', '.join(_CANDIDATES)} exists. Run the gateway as a user, or set [postgres] url."
    )
