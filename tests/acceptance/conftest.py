"""A directory for each module's programs; their logs are shown when a test fails."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.acceptance.harness", "tests.acceptance.load")

from tests.acceptance import harness  # noqa: E402  rewritten only if it comes after
from tests.acceptance.harness import Api, Gateway, api_of  # noqa: E402

_SHOWN_CHARACTERS = 6000


@pytest.fixture(scope="module")
def directory(passable_dir: Path) -> Iterator[Path]:
    """For the programs of one module."""
    made = Path(tempfile.mkdtemp(dir=passable_dir))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
async def api(gateway: Gateway) -> AsyncIterator[Api]:
    """Of the module's `gateway`."""
    async with api_of(gateway.url) as api:
        yield api


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    report: pytest.TestReport = yield
    if report.failed:
        for name, log in harness.logs.items():
            text = log.read_text("utf-8", "replace") if log.exists() else "(nothing)"
            report.sections.append((f"log of the {name}", text[-_SHOWN_CHARACTERS:]))
    return report
