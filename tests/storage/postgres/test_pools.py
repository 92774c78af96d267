"""Whoever waits for a connection waits for its own kind: people never hold up duties or alerts."""

from contextlib import AsyncExitStack
from pathlib import Path

from gateway.app.process import open_parts
from gateway.clock import system_clock
from gateway.config import load
from gateway.storage.postgres.duties.leases import PostgresLeases


async def test_duties_and_the_pipelines_silences_need_no_connection_of_peoples(
    database: str, tmp_path: Path
) -> None:
    written = tmp_path / "gateway.toml"
    written.write_text("postgres.pool_size = 1\n")
    async with AsyncExitStack() as stack:
        parts = await open_parts(stack, load(written), database, True, system_clock)
        async with parts.database.connected():
            await parts.preparation.prepare()
            assert await PostgresLeases(parts.visits).due(system_clock()) == []
            assert (await parts.silences.current(1, system_clock())).version == 0
