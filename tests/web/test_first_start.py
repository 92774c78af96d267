"""Until the installation's seed is known nobody is sent here, if PostgreSQL can be asked for it."""

from pathlib import Path

import asyncpg
from aiohttp import ClientSession

from gateway.app.lifecycle import open_gateway
from gateway.config import load
from gateway.storage.postgres.schema.migrate import MIGRATION_LOCK
from tests.programs import eventually

ALERT = {"labels": {"alertname": "CPU"}}


async def test_a_first_start_is_not_ready_and_explains_nothing_until_the_seed_is_known(
    database: str, tmp_path: Path
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('http.listen = "127.0.0.1:0"\n')
    migrating = await asyncpg.connect(database)
    await migrating.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    async with open_gateway(load(config), database, may_migrate=True) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}") as session:

            async def status(method: str, path: str) -> int:
                body = ALERT if method == "POST" else None
                async with session.request(method, path, json=body) as answer:
                    return answer.status

            assert await status("GET", "/-/ready") == 503
            assert await status("POST", "/api/v1/explain") == 503
            assert await status("POST", "/api/v1/intake/custom") == 200
            await migrating.close()

            async def ready() -> bool:
                return await status("GET", "/-/ready") == 200

            await eventually(ready)
            async with session.post("/api/v1/explain", json=ALERT) as answer:
                (item,) = (await answer.json())["items"]

            async def is_there() -> bool:
                return await status("GET", f"/api/v1/alerts/{item['fingerprint']}") == 200

            await eventually(is_there)


async def test_a_second_start_is_ready_before_postgresql_is_asked(
    database: str, tmp_path: Path
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('http.listen = "127.0.0.1:0"\n')
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "installation.seed").write_bytes(bytes(range(32)))
    migrating = await asyncpg.connect(database)
    await migrating.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    async with open_gateway(load(config), database, may_migrate=True) as gateway:
        host, port = gateway.server.addresses[0]
        url = f"http://{host}:{port}/-/ready"
        async with ClientSession() as session, session.get(url) as answer:
            assert answer.status == 200
        await migrating.close()
