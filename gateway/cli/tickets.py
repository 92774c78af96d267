"""`tickets`: the newest tickets of a running gateway, as a table; `--watch` keeps it current."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout

from gateway.cli.postgres import Say
from gateway.config import Config
from gateway.config.secret_files import read_secret
from gateway.errors import Refused

_WATCH_SECONDS = 2.0
_COLUMNS = ("number", "id", "status", "priority", "firing", "occurrences", "title")
_LEAST_WIDTH = 110
"""Lines are cut at the terminal's width, but never so that nothing of a title is left."""
_PIPE_WIDTH = 1_000
_WHICH_FILE = (
    "give --config FILE, the configuration that it was started with, or with --token-file FILE a"
    " token of yours"
)


class GatewayNotReached(Exception):
    """No gateway answers where the configuration says it listens."""


async def show_tickets(
    config: Config, *, watch: bool, limit: int, say: Say, token_file: Path | None = None
) -> None:
    """Once, or again every two seconds until interrupted. As whom the token in *token_file* is of,
    else as the administrator whose token is configured. Raises GatewayNotReached or Refused.
    """
    token = config.auth.token if token_file is None else _token_in(token_file)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"http://{config.http.listen.local}"
    async with ClientSession(url, headers=headers, timeout=ClientTimeout(total=10)) as session:
        while True:
            table = _table(await _fetch(session, url, limit))
            say(f"\x1b[2J\x1b[H{table}" if watch else table)
            if not watch:
                return
            await asyncio.sleep(_WATCH_SECONDS)


def _token_in(file: Path) -> str:
    try:
        return read_secret(file)
    except ValueError as error:
        raise Refused(f"--token-file: {error}") from error


async def _fetch(session: ClientSession, url: str, limit: int) -> Sequence[dict[str, Any]]:
    try:
        async with session.get("/api/v1/tickets", params={"limit": limit}) as response:
            return _tickets_in(await response.read(), response.status, url)
    except (ClientError, TimeoutError) as error:
        raise GatewayNotReached(
            f"no gateway answers at {url}: is `alert-gateway serve` running there?"
        ) from error


def _tickets_in(body: bytes, status: int, url: str) -> Sequence[dict[str, Any]]:
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise GatewayNotReached(
            f"what answers at {url} is no alert gateway: set [http] listen as it was when the"
            " gateway was started"
        ) from error
    if status == 401:
        raise GatewayNotReached(f"{url} wants a token that holds: {_WHICH_FILE}")
    if status != 200 or "items" not in answer:
        raise GatewayNotReached(f"{url} says: {answer.get('detail', status)}")
    items: Sequence[dict[str, Any]] = answer["items"]
    return items


def _table(tickets: Sequence[dict[str, Any]]) -> str:
    if not tickets:
        return "No tickets yet."
    rows = [_COLUMNS, *(tuple(_printable(one[name]) for name in _COLUMNS) for one in tickets)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    width = max(shutil.get_terminal_size(fallback=(_PIPE_WIDTH, 24)).columns, _LEAST_WIDTH)
    return "\n".join(_line(row, widths)[:width] for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip()


def _printable(value: object) -> str:
    """Titles are made of labels, and labels are hostile: no control characters on a terminal."""
    return "".join(char if char.isprintable() else "�" for char in str(value))
