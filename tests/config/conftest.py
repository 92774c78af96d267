"""A writer of configurations in a directory of its own."""

from pathlib import Path

import pytest

from tests.config.writer import Writer


@pytest.fixture
def written(tmp_path: Path) -> Writer:
    return Writer(tmp_path)
