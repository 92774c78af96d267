"""Senders while PostgreSQL is away: known ones deliver, others are put off and never refused."""

import json
from pathlib import Path

import pytest
from aiohttp import ClientSession

from gateway.access.book import KnownSender
from gateway.access.token import OF_ROLE, OF_USER, Minted, mint
from gateway.app.lifecycle import open_gateway
from gateway.config import load
from gateway.storage.postgres.access.senders import SendersFile
from tests.callers import LONG_AGO
from tests.web.gated import REQUIRED, Bearer

NOWHERE = "postgresql:///gateway?host=/nonexistent"
ALERT = [{"labels": {"alertname": "CPU"}}]
EVENT = {"hash": "x", "rule_name": "CPU", "trigger_time": 1_700_000_000, "severity": 1, "tags": []}


def known(minted: Minted, **more: object) -> KnownSender:
    return KnownSender(minted.id, minted.digest, 1, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("static", [False, True])
async def test_known_senders_deliver_and_unknown_ones_hear_what_makes_them_come_again(
    tmp_path: Path, *, static: bool
) -> None:
    (tmp_path / "data").mkdir()
    minted, bound, expired = (mint(OF_ROLE) for _ in range(3))
    SendersFile(tmp_path / "data" / "tokens").write(
        [known(minted), known(bound, source="n9e"), known(expired, expires_at=LONG_AGO)]
    )
    path = tmp_path / "gateway.toml"
    token = 'token = "correct-horse"\n' if static else ""
    path.write_text(f'data_dir = "data"\n{REQUIRED}{token}')
    async with open_gateway(load(path), NOWHERE, may_migrate=False) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}") as session:
            sender = Bearer(session, minted.text)
            await sender.ask("POST", "/api/v1/intake/custom", ALERT)
            await sender.ask("POST", "/api/v2/alerts", ALERT)
            await Bearer(session, bound.text).ask(
                "POST", "/api/v1/intake/custom", ALERT, status=403
            )
            await Bearer(session, bound.text).ask("POST", "/api/v1/intake/n9e", EVENT)
            if static:
                holder = Bearer(session, "correct-horse")
                await holder.ask("POST", "/api/v1/intake/custom", ALERT)
            await Bearer(session, expired.text).ask(
                "POST", "/api/v1/intake/custom", ALERT, status=401
            )
            for kind in (OF_ROLE, OF_USER):
                unknown = Bearer(session, mint(kind).text)
                for source, status in (("custom", 503), ("alertmanager", 503), ("n9e", 429)):
                    await unknown.ask("POST", f"/api/v1/intake/{source}", ALERT, status=status)
                    assert int(unknown.headers["Retry-After"]) > 0
                await unknown.ask("POST", "/api/v2/alerts", ALERT, status=503)
                await unknown.ask("GET", "/api/v1/tickets", status=503)
            mistyped = Bearer(session, minted.text[:-1] + "!")
            await mistyped.ask("POST", "/api/v1/intake/custom", ALERT, status=401)


async def test_what_is_remembered_of_senders_holds_no_secret_and_is_read_as_it_was(
    tmp_path: Path,
) -> None:
    minted = mint(OF_ROLE)
    file = SendersFile(tmp_path / "tokens")
    file.write([known(minted, source="n9e", expires_at=LONG_AGO)])
    assert [*file.read()] == [known(minted, source="n9e", expires_at=LONG_AGO)]
    (row,) = json.loads((tmp_path / "tokens").read_bytes())
    assert row.keys() == {"id", "digest", "tenant", "source", "expires_at"}
