"""What senders and people do, drawn from a seed; every request can be accounted for afterwards.

A request is taken whole or not at all, and each holds a seal: an alert that no other one holds. So
the seals in the ledger say which requests were taken, and what everything must add up to.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout

from gateway.clock import system_clock
from tests.torture.history import History, Said, Sent

SENDERS = 12
PAST = timedelta(minutes=2)
"""Everything is said of a while ago: no clock that is a little wrong takes it for future."""
LEASE = timedelta(hours=6)
STEADY, FLAPPING, GROUPED = 300, 40, 120
PAUSE_SECONDS = 0.05
RULES = """
[[rules]]
name = "by team"
match = '{grouped="yes"}'
group_by = ["team"]
window = "10m"
"""
Json = dict[str, Any]


def some_time_ago() -> datetime:
    """In whole milliseconds, as it is said and kept."""
    moment = system_clock() - PAST
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(slots=True)
class Workload:
    """Runs until *stopping* is set. *urls* of all gateways: whoever does not answer is left for the
    next, as behind a load balancer.
    """

    urls: Sequence[str]
    seed: int
    history: History
    rate: float
    """Requests a second, all senders together; nobody is faster than the answers."""
    stopping: bool = False
    _draw: random.Random = field(init=False)
    _number: int = 0
    _began: datetime = field(default_factory=some_time_ago)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(SENDERS):
                group.create_task(self._send_on())
            group.create_task(self._work_on_tickets())
            group.create_task(self._silence_on())

    async def _send_on(self) -> None:
        async with _session() as session:
            while not self.stopping:
                started = perf_counter()
                self._number += 1
                url = self._draw.choice(list(self.urls))
                await self._send(session, url, *self._request(f"r{self._number}"))
                await asyncio.sleep(max(0.0, SENDERS / self.rate - (perf_counter() - started)))

    async def _send(
        self, session: ClientSession, url: str, sent: Sent, path: str, body: Any
    ) -> None:
        self.history.invoke(sent)
        started = perf_counter()
        try:
            async with session.post(f"{url}{path}", json=body) as response:
                await response.read()
                sent.status = response.status
        except ClientConnectorError:
            sent.status = 0  # it was never sent
        except (ClientError, TimeoutError, ConnectionError):
            pass
        sent.seconds = perf_counter() - started
        self.history.complete(sent)
        if not sent.status:
            await asyncio.sleep(PAUSE_SECONDS)

    def _request(self, name: str) -> tuple[Sent, str, Any]:
        draw = self._draw
        said = [Said({"alertname": "Seal", "request": name}, self._began)]
        said += self._steady(draw.randint(4, 24))
        said += [self._flapping() for _ in range(draw.randint(0, 4))]
        if draw.random() < 0.3:
            said.append(Said({"alertname": "New", "n": name}, self._began))
        alerts = [one.as_json() for one in said]
        match draw.randrange(3):
            case 0:
                return Sent(name, said), "/api/v2/alerts", [_leased(one) for one in alerts]
            case 1:
                body: Any = {"version": "4", "alerts": alerts}
                return Sent(name, said), "/api/v1/intake/alertmanager", body
        bad = draw.random() < 0.2
        return (
            Sent(name, said, letters=int(bad)),
            "/api/v1/intake/custom",
            [*alerts, {"labels": name}] if bad else alerts,
        )

    def _steady(self, count: int) -> list[Said]:
        """Repeats: most of all that is sent. Some are of groups."""
        draw, said = self._draw, []
        for _ in range(count):
            if draw.random() < 0.3:
                number = draw.randrange(GROUPED)
                labels = {
                    "alertname": "Grouped",
                    "grouped": "yes",
                    "team": f"t{number % 12}",
                    "n": str(number),
                }
            else:
                labels = {"alertname": "Steady", "n": str(draw.randrange(STEADY))}
            said.append(Said(labels, self._began))
        return said

    def _flapping(self) -> Said:
        draw, now = self._draw, some_time_ago()
        number = draw.randrange(FLAPPING)
        labels = {"alertname": "Flapping", "n": str(number)}
        if number % 4 == 0:
            labels |= {"grouped": "yes", "team": f"f{number % 8}"}
        if draw.random() < 0.4:
            return Said(labels, self._began, ended=now)
        return Said(labels, now)

    async def _work_on_tickets(self) -> None:
        """People acknowledge, resolve and reopen what they see."""
        async with _session() as session:
            while not self.stopping:
                await asyncio.sleep(0.3)
                found = await self._ask(session, "GET", "/api/v1/tickets?limit=50")
                items = (found or {}).get("items", [])
                if items:
                    ticket = self._draw.choice(items)
                    to = self._draw.choice(["in_progress", "in_progress", "resolved", "open"])
                    path = f"/api/v1/tickets/{ticket['id']}/transitions"
                    await self._ask(session, "POST", path, {"to": to})

    async def _silence_on(self) -> None:
        """Silences come, hide flapping and steady alerts for a while, and go."""
        async with _session() as session:
            while not self.stopping:
                await asyncio.sleep(1.0)
                name, number = self._draw.choice([("Flapping", 40), ("Steady", 300)])
                until = system_clock() + timedelta(seconds=self._draw.uniform(2, 8))
                pattern = f"{self._draw.randrange(number // 10)}.?"
                body = {
                    "matchers": f'{{alertname="{name}", n=~"{pattern}"}}',
                    "ends_at": until.isoformat(),
                    "comment": "torture",
                }
                made = await self._ask(session, "POST", "/api/v1/silences", body)
                if made and "id" in made and self._draw.random() < 0.5:
                    await asyncio.sleep(1.0)
                    await self._ask(session, "DELETE", f"/api/v1/silences/{made['id']}")

    async def _ask(self, session: ClientSession, method: str, path: str, body: Any = None) -> Any:
        """None unless it is well answered: people try something else."""
        try:
            url = self._draw.choice(list(self.urls))
            async with session.request(method, f"{url}{path}", json=body) as response:
                return await response.json() if response.status in (200, 201) else None
        except (ClientError, TimeoutError, ConnectionError):
            return None


def _session() -> ClientSession:
    return ClientSession(timeout=ClientTimeout(total=20), headers={"X-Actor": "tester"})


def _leased(alert: Json) -> Json:
    """As Prometheus says it: the end alone tells whether it fires."""
    one = {"labels": alert["labels"], "startsAt": alert["startsAt"]}
    return one | {"endsAt": alert.get("endsAt", (system_clock() + LEASE).isoformat())}
