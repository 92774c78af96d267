"""A database made once and copied for each test that does not care how it is made."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.storage.embedded.steps import make


@pytest.fixture(scope="session")
def prototype(passable_dir: Path) -> Path:
    """A data directory with a database of one row, stopped."""
    directory = passable_dir / "prototype"
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(make(directory))
    return directory


@pytest.fixture
def made_dir(data_dir: Path, prototype: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(prototype, data_dir))
