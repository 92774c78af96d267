"""What background workers work with: a real outbox, a clock that tests move, metrics."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.metrics import Metrics
from gateway.storage.postgres.kernel.connect import WORKERS, create_engine
from gateway.storage.postgres.nouns.outbox import PostgresOutbox
from tests.outbox.messages import NOW


@dataclass
class MovableClock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span: timedelta) -> None:
        self.now += span


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database, purpose=WORKERS, pool_size=4)
    yield engine
    await engine.dispose()


@pytest.fixture
def outbox(engine: AsyncEngine) -> PostgresOutbox:
    return PostgresOutbox(engine)
