"""The cluster on disk: made once, whole or not at all, and the settings it runs with."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.storage.embedded.account import Account
from gateway.storage.embedded.binaries import Binaries
from gateway.storage.embedded.failures import PrivatePostgresFailed

SETTINGS: Mapping[str, str] = {
    # Reached through the socket alone, by its owner alone.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "50",
    # What was committed stays, and nobody replicates from here.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    # Many small updates of the same rows: rare checkpoints, frequent vacuum.
    "shared_buffers": "128MB",
    "wal_buffers": "16MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "10s",
    "autovacuum_vacuum_cost_limit": "1000",
    "huge_pages": "try",
    # Short queries only. Parallel ones would need /dev/shm, which containers keep small.
    "jit": "off",
    "max_parallel_workers": "0",
    "max_parallel_maintenance_workers": "0",
    "update_process_title": "off",
    # The log is for the server's own troubles: statements, and so alerts, stay out of it.
    "log_min_error_statement": "fatal",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
}
"""Given on the command line, so they hold for old clusters too and leave no file to drift."""

BUILTIN_LOCALES_SINCE = 17
"""The major version that brought Unicode rules of PostgreSQL's own, equal on every machine."""


def cluster_version(cluster: Path) -> int | None:
    """Major version of the PostgreSQL that made it; None if there is none."""
    try:
        return int((cluster / "PG_VERSION").read_text("ascii"))
    except FileNotFoundError:
        return None


def create_cluster(
    cluster: Path, binaries: Binaries, account: Account, progress: Callable[[str], None]
) -> None:
    """Beside its place and then renamed: a kill at any moment leaves none, not half of one."""
    progress(f"Creating a private PostgreSQL {binaries.major} (once, a few seconds) ...")
    for leftover in cluster.parent.glob(f"{cluster.name}.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    # A fresh name: an initdb whose gateway was killed may still be writing to its own.
    unfinished = Path(tempfile.mkdtemp(prefix=f"{cluster.name}.new-", dir=cluster.parent))
    account.own(unfinished)
    made = account.run([binaries.initdb, "-D", unfinished, *_initdb_options(binaries.major)])
    if made.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise PrivatePostgresFailed(f"No database can be made in {cluster}: {made.stderr.strip()}")
    unfinished.rename(cluster)
    _sync_directory(cluster.parent)


def take_ownership(cluster: Path, account: Account) -> None:
    """Of a cluster that root copied, and so owns."""
    if not account.is_ours and cluster.stat().st_uid != account.uid:
        for path in [cluster, *cluster.rglob("*")]:
            os.lchown(path, account.uid, account.gid)


def command_line(
    binaries: Binaries, cluster: Path, socket_dir: Path, settings: Mapping[str, str]
) -> list[str]:
    """Of the postmaster. *settings* overrule ours."""
    options = {**SETTINGS, "unix_socket_directories": str(socket_dir), **settings}
    command = [str(binaries.postgres), "-D", str(cluster)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return command


def _initdb_options(major: int) -> list[str]:
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
    if major >= BUILTIN_LOCALES_SINCE:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [*options, "--no-instructions"]


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
