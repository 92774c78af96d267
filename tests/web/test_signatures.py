"""Sources that sign: what they send is their credential, and nothing else is."""

import gzip
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import asyncpg
import pytest
from aiohttp import ClientSession

from gateway.app.lifecycle import open_gateway
from gateway.clock import system_clock
from gateway.config import load
from tests.logged import logged
from tests.programs import eventually
from tests.signers import sign_as_grafana, sign_as_webhook, webhook_secret

NOWHERE = "postgresql:///gateway?host=/nonexistent"
SECRET = webhook_secret(b"k" * 24)
OLD, NEW = "an old secret", "a new secret"
CONFIG = f"""
http.listen = "127.0.0.1:0"
[sources.grafana]
secret_file = "grafana.secrets"
[sources.timed]
kind = "grafana"
secret = "{NEW}"
timestamp_header = "X-Time"
[sources.custom]
secret = "{SECRET}"
[sources.prometheus]
kind = "custom"
secret = "{SECRET}"
[sources.other]
kind = "custom"
secret = "{SECRET}"
tenant = "other"
[sources.open]
kind = "custom"
"""
ALERTS = json.dumps([{"labels": {"alertname": "CPU"}}]).encode()
GROUP = json.dumps(
    {"version": "1", "alerts": [{"status": "firing", "labels": {"alertname": "CPU"}}]}
).encode()
JSON = {"Content-Type": "application/json"}


def written(directory: Path, more: str = "") -> Path:
    secrets = directory / "grafana.secrets"
    secrets.write_text(f"{NEW}\n{OLD}\n")
    secrets.chmod(0o600)
    config = directory / "gateway.toml"
    config.write_text(CONFIG + more)
    return config


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[ClientSession]:
    async with open_gateway(load(written(tmp_path)), NOWHERE, may_migrate=True) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}") as session:
            yield session


async def post(
    session: ClientSession, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, str]:
    """The status, and the code of the problem if it is one."""
    async with session.post(path, data=body, headers={**JSON, **headers}) as answer:
        problem = answer.content_type == "application/problem+json"
        return answer.status, (await answer.json())["code"] if problem else ""


async def to(
    session: ClientSession, source: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, str]:
    return await post(session, f"/api/v1/intake/{source}", body, headers)


async def test_what_is_signed_is_taken_and_what_is_not_is_refused_even_here(
    session: ClientSession,
) -> None:
    now = system_clock()
    for source, body, signed in (
        ("grafana", GROUP, sign_as_grafana(NEW, GROUP)),
        ("grafana", GROUP, sign_as_grafana(OLD, GROUP)),
        ("timed", GROUP, sign_as_grafana(NEW, GROUP, now)),
        ("custom", ALERTS, sign_as_webhook(SECRET, ALERTS, now)),
    ):
        assert await to(session, source, body, signed) == (200, "")
        assert await to(session, source, body, {}) == (401, "unsigned")
        assert await to(session, source, body + b" ", signed) == (401, "bad_signature")
    assert await to(session, "open", ALERTS, {}) == (200, "")


async def test_a_signature_that_is_too_old_is_refused_with_the_reason(
    session: ClientSession,
) -> None:
    late = system_clock().replace(year=2025)
    signed = sign_as_webhook(SECRET, ALERTS, late)
    assert await to(session, "custom", ALERTS, signed) == (401, "stale_signature")
    timed = sign_as_grafana(NEW, GROUP, late)
    assert await to(session, "timed", GROUP, timed) == (401, "stale_signature")


async def test_a_body_that_is_sent_again_is_taken_again(session: ClientSession) -> None:
    """It is a sighting of the same alert at the same times: it changes nothing but a count."""
    signed = sign_as_webhook(SECRET, ALERTS, system_clock())
    for _ in range(2):
        assert await to(session, "custom", ALERTS, signed) == (200, "")


async def test_the_bytes_as_they_were_sent_are_signed_not_what_they_decompress_to(
    session: ClientSession,
) -> None:
    packed, now = gzip.compress(ALERTS), system_clock()
    coded = {"Content-Encoding": "gzip"}
    signed = sign_as_webhook(SECRET, packed, now)
    assert await to(session, "custom", packed, coded | signed) == (200, "")
    plain = sign_as_webhook(SECRET, ALERTS, now)
    assert await to(session, "custom", packed, coded | plain) == (401, "bad_signature")


async def test_nothing_is_decompressed_or_parsed_before_the_signature_holds(
    session: ClientSession,
) -> None:
    bomb, coded = gzip.compress(bytes(100_000_000)), {"Content-Encoding": "gzip"}
    now = system_clock()
    wrong = sign_as_webhook(SECRET, b"another body", now)
    assert await to(session, "custom", bomb, coded | wrong) == (401, "bad_signature")
    right = sign_as_webhook(SECRET, bomb, now)
    assert (await to(session, "custom", bomb, coded | right))[0] == 413
    assert await to(session, "custom", b"{", wrong) == (401, "bad_signature")


async def test_a_source_that_signs_has_no_other_door(session: ClientSession) -> None:
    """`/api/v2/alerts` delivers for the source `prometheus`, as does the path behind a prefix."""
    for path in ("/api/v2/alerts", "/api/v2/alerts/", "/api/v1/intake/custom/api/v2/alerts"):
        async with session.post(path, data=ALERTS, headers=JSON) as answer:
            assert answer.status == 401
            assert (await answer.json())["code"] == 401
        signed = sign_as_webhook(SECRET, ALERTS, system_clock())
        async with session.post(path, data=ALERTS, headers=JSON | signed) as answer:
            assert answer.status == 200


async def test_what_is_refused_is_counted_and_fills_no_log(
    session: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(30):
        await to(session, "custom", ALERTS, {})
        await to(session, "custom", b"x", sign_as_webhook(SECRET, ALERTS, system_clock()))
    told = [one["reason"] for one in logged(caplog, "a request was turned away")]
    assert told == ["unsigned", "bad_signature"]
    async with session.get("/metrics") as answer:
        assert "gateway_authentication_failures_total 60.0" in await answer.text()
    assert SECRET not in caplog.text


async def test_a_signature_needs_no_token_and_opens_nothing_else(tmp_path: Path) -> None:
    config = load(written(tmp_path, '[auth]\ntoken = "a-token"\n'))
    assert {SECRET, OLD, NEW} <= set(config.secrets)
    assert SECRET not in repr(config)
    async with open_gateway(config, NOWHERE, may_migrate=True) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}") as session:
            signed = sign_as_webhook(SECRET, ALERTS, system_clock())
            bearer = {"Authorization": "Bearer a-token"}
            from_afar = {"Host": "alerts.example.org", "X-Forwarded-For": "192.0.2.1"}
            assert await to(session, "custom", ALERTS, signed | from_afar) == (200, "")
            assert await to(session, "custom", ALERTS, bearer) == (401, "unsigned")
            assert (await to(session, "open", ALERTS, signed))[0] == 401
            assert (await post(session, "/api/v1/tickets", ALERTS, signed))[0] == 401


async def test_what_is_signed_is_taken_in_for_the_tenant_of_its_source(
    database: str, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    async with open_gateway(load(written(tmp_path)), database, may_migrate=False) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}") as session:

            async def status() -> int:
                signed = sign_as_webhook(SECRET, ALERTS, system_clock())
                return (await to(session, "other", ALERTS, signed))[0]

            assert await status() == 503, "who is not there yet may come"
            await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES (2, 'other')")
            assert await status() == 200

            async def is_there() -> bool:
                found = await owner.fetch("SELECT tenant_id FROM alerts")
                return [row["tenant_id"] for row in found] == [2]

            await eventually(is_there)
