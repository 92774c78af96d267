"""The package as it was, to be run beside what it has become."""

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEFORE = "d87d15771dfb4ba2d685ce9e1d53dee7963a20dd"
"""A commit, for as long as nothing is released; then it is the release before."""


def older_environment(directory: Path) -> Mapping[str, str]:
    """In which `python -m gateway` is the older one. It is unpacked into *directory*.

    A clone that does not hold it fails the test.
    """
    commit = _last_release() or BEFORE
    packed = _git("archive", "--format=zip", commit, "gateway", "matchers")
    if packed.returncode:
        pytest.fail(
            f"the package of {commit} cannot be had from {ROOT}: a shallow clone is completed by"
            f" `git fetch --unshallow --tags`. git says: {packed.stderr.decode().strip()}"
        )
    zipfile.ZipFile(io.BytesIO(packed.stdout)).extractall(directory)
    environment = os.environ | {"PYTHONPATH": str(directory), "PYTHONSAFEPATH": "1"}
    assert _home_of_gateway(environment) == directory / "gateway" / "__init__.py"
    return environment


def _last_release() -> str | None:
    """The last tag before what is checked out, if there is one."""
    found = _git("describe", "--tags", "--abbrev=0", "HEAD~1")
    return None if found.returncode else found.stdout.decode().strip()


def _git(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True)


def _home_of_gateway(environment: Mapping[str, str]) -> Path:
    asked = [sys.executable, "-c", "import gateway; print(gateway.__file__)"]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())
