"""Load whose every alert can be accounted for, whatever became of the requests.

Each request bears a seal: an alert that no other request holds. A request is taken whole or not at
all, so the seals found in the ledger say which were, and what everything else must add up to.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import asyncpg
import orjson
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout

from gateway.clock import system_clock
from tests.acceptance.harness import Json
from tests.programs import PATIENCE_SECONDS

CONNECTIONS = 16
POOL = 300
"""Alerts that come again and again."""
FLAPPING = 10
"""Alerts that now begin and now end."""
SEAL = "Seal"
SEALS = """
SELECT count(*) FROM strands
WHERE labels->>'alertname' = $1 AND labels->>'request' = ANY ($2::text[])
"""
UNREADABLE = "unreadable"
"""Counts for what ends as a dead letter."""

_PAUSE_SECONDS = 0.05


@dataclass(slots=True)
class Request:
    """One request: what it holds, by name of the alert, and its answer (None: there was none)."""

    name: str
    alerts: Counter[str]
    status: int | None = None


@dataclass(slots=True)
class Load:
    """Sixteen senders that do not rest; `run` lasts until *stopping* is set."""

    url: str
    requests: list[Request] = field(default_factory=list)
    stopping: bool = False
    _numbers: "count[int]" = field(default_factory=count)
    _began: datetime = field(default_factory=system_clock)
    _random: random.Random = field(default_factory=lambda: random.Random(20))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as senders:
            for _ in range(CONNECTIONS):
                senders.create_task(self._send_on())

    async def _send_on(self) -> None:
        async with ClientSession(
            self.url, timeout=ClientTimeout(total=PATIENCE_SECONDS)
        ) as session:
            while not self.stopping:
                if await self._send(session) is None:
                    await asyncio.sleep(_PAUSE_SECONDS)  # nobody is there: as senders do

    async def _send(self, session: ClientSession) -> int | None:
        path, body, request = self._next()
        self.requests.append(request)
        try:
            async with session.post(path, json=body) as response:
                await response.read()
                request.status = response.status
        except ClientConnectorError:
            self.requests.remove(request)  # it was never sent
        except (ClientError, TimeoutError, ConnectionError):
            return None
        return request.status

    def _next(self) -> tuple[str, Any, Request]:
        number, now, draw = next(self._numbers), system_clock(), self._random
        name = f"r{number}"
        firing = [{"alertname": SEAL, "request": name}]
        firing += [{"alertname": "New", "request": name, "n": str(n)} for n in range(2)]
        repeated = draw.choices(range(POOL), k=draw.randint(20, 64) - len(firing) - 1)
        firing += [{"alertname": "Repeated", "n": str(n)} for n in repeated]
        start = _text(self._began)
        alerts = [{"status": "firing", "labels": one, "startsAt": start} for one in firing]
        flapping: Json = {"alertname": "Flapping", "n": str(draw.randrange(FLAPPING))}
        if draw.random() < 0.5:
            end = {"status": "resolved", "startsAt": start, "endsAt": _text(now)}
            alerts.append({"labels": flapping} | end)
        else:
            alerts.append({"status": "firing", "labels": flapping, "startsAt": _text(now)})
        request = Request(name, Counter(key_of(one["labels"]) for one in alerts))
        match number % 3:
            case 0:
                return "/api/v2/alerts", _prometheus(alerts, now + timedelta(hours=1)), request
            case 1:
                return "/api/v1/intake/alertmanager", {"version": "4", "alerts": alerts}, request
        request.alerts[UNREADABLE] += 1
        return "/api/v1/intake/custom", [*alerts, {"labels": name}], request

    @property
    def answered(self) -> list[Request]:
        """Those that the gateway has promised to keep."""
        return [one for one in self.requests if one.status == 200]

    @property
    def refused(self) -> list[Request]:
        return [one for one in self.requests if one.status not in (None, 200)]

    def more(self, wanted: int) -> Callable[[], Awaitable[bool]]:
        """Have so many more than now been answered? For `eventually`."""
        goal = len(self.answered) + wanted

        async def look() -> bool:
            return len(self.answered) >= goal

        return look


def has_all(database: str, load: Load) -> Callable[[], Awaitable[bool]]:
    """Is everything in the ledger that has been answered by now? For `eventually`."""
    names = [one.name for one in load.answered]

    async def look() -> bool:
        connection = await asyncpg.connect(database)
        try:
            found = await connection.fetchval(SEALS, SEAL, names)
        finally:
            await connection.close()
        return bool(found == len(names))

    return look


async def ledger(database: str) -> Counter[str]:
    """What the ledger holds at one moment: occurrences by alert, and the dead letters."""
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            strands = await connection.fetch("SELECT labels::text, occurrences FROM strands")
            dead = await connection.fetchval("SELECT coalesce(sum(count), 0) FROM dead_letters")
    finally:
        await connection.close()
    held = Counter({key_of(_decode(row["labels"])): row["occurrences"] for row in strands})
    held[UNREADABLE] = int(dead)
    return held


async def tickets_by_alert(database: str) -> Counter[str]:
    """How many tickets there are for each alert."""
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch("SELECT labels::text FROM tickets")
    finally:
        await connection.close()
    return Counter(key_of(_decode(row["labels"])) for row in rows)


def check(load: Load, held: Counter[str]) -> None:
    """All that was answered is there once, what was not at most once, and nothing else."""
    seals = {one.name: held[seal_of(one.name)] for one in load.requests}
    assert [one.name for one in load.answered if seals[one.name] != 1] == []
    assert set(seals.values()) <= {0, 1}
    assert [one.name for one in load.refused if seals[one.name]] == []
    expected = sum((one.alerts for one in load.requests if seals[one.name]), Counter[str]())
    assert +held == expected


def seal_of(request: str) -> str:
    return key_of({"alertname": SEAL, "request": request})


def key_of(labels: dict[str, str]) -> str:
    """A name for a label set."""
    return "/".join(f"{name}={value}" for name, value in sorted(labels.items()))


def _prometheus(alerts: list[Json], lease: datetime) -> list[Json]:
    """Here the end alone says whether an alert fires."""
    return [
        {"labels": one["labels"], "startsAt": one["startsAt"]}
        | {"endsAt": one.get("endsAt", _text(lease))}
        for one in alerts
    ]


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _decode(labels: str) -> dict[str, str]:
    decoded: dict[str, str] = orjson.loads(labels)
    return decoded
