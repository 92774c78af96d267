"""Whole gateways on real databases: one a module where tests do not mind, else one a test.

All tests of a module share its event loop, so that a gateway can live as long as the module.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conftest import Databases
from tests.web.api.client import Client, running_client


@pytest_asyncio.fixture(loop_scope="module")
async def client(database: str, tmp_path: Path) -> AsyncIterator[Client]:
    """On an empty database."""
    async with running_client(database, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def shared_database(databases: Databases, migrated_template: str) -> Iterator[str]:
    name = databases.create(migrated_template)
    yield databases.url_of(name)
    databases.drop(name)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(
    shared_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Client]:
    """One for the module: tests use names of their own (`fresh`)."""
    async with running_client(shared_database, tmp_path_factory.mktemp("gateway")) as client:
        yield client
