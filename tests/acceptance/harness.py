"""Whole gateways as users start them: one data directory through starts and ends, and its API.

Starting and stopping blocks; the API is asked from a test's own event loop.
"""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout

from gateway.storage.embedded.postmaster import running_postmaster
from tests.programs import (
    PATIENCE_SECONDS,
    Program,
    answers_ready,
    eventually,
    free_port,
    gateway,
)

Json = dict[str, Any]

logs: dict[str, Path] = {}
"""Of every program that tests run now, by name: shown when a test fails."""


class Gateway:
    """A configured gateway, made by `installed`. Port and data stay when it is restarted."""

    def __init__(self, directory: Path, settings: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.target = f"127.0.0.1:{port}"
        self.data_dir = directory / "data"
        self.log = directory / "gateway.log"
        self.config = directory / "gateway.toml"
        self.environment: Mapping[str, str] | None = None
        """Of its next start; None: that of the tests."""
        self.configure(settings)
        self._stack = ExitStack()
        self._program: Program | None = None

    def configure(self, settings: str) -> None:
        """TOML for the next start; keys of [http] are written dotted, before the first table."""
        self.config.write_text(f'data_dir = "data"\nhttp.listen = "{self.target}"\n{settings}')

    @property
    def program(self) -> Program:
        """The one that runs, or ran last."""
        assert self._program is not None, "it was never started"
        return self._program

    def start(self, *arguments: str, is_ready: Callable[[str], bool] = answers_ready) -> Program:
        """Returns when it is ready. *arguments* are more of `serve`'s."""
        running = gateway(
            self.config,
            *arguments,
            url=self.url,
            log=self.log,
            is_ready=is_ready,
            environment=self.environment,
        )
        self._program = self._stack.enter_context(running)
        return self._program

    def interrupt(self) -> int:
        """Ctrl-C: the terminal tells the whole process group. Gives the exit status."""
        os.killpg(self.program.process.pid, signal.SIGINT)
        return self.program.process.wait(PATIENCE_SECONDS)

    @property
    def children(self) -> list[int]:
        """Numbers of its further gateway processes, where `workers` is more than 1."""
        pid = self.program.process.pid
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        return [int(child) for child in found if _is_gateway(int(child))]

    @property
    def postgres_url(self) -> str:
        """Of its private PostgreSQL, while that runs: a superuser, whom no isolation binds."""
        postmaster = running_postmaster(self._cluster)
        assert postmaster is not None, "its PostgreSQL does not run"
        return postmaster.url

    @property
    def postgres_runs(self) -> bool:
        return running_postmaster(self._cluster) is not None

    @property
    def _cluster(self) -> Path:
        return self.data_dir.resolve() / "postgres" / "cluster"

    def end(self) -> None:
        """Whatever still runs of it is killed."""
        left = [] if self._program is None else _children_if_any(self)
        self._stack.close()
        if postmaster := running_postmaster(self._cluster):
            left.append(postmaster.pid)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _children_if_any(one: Gateway) -> list[int]:
    try:
        return one.children
    except FileNotFoundError:
        return []


def exists(pid: int) -> bool:
    """A zombie, which some containers never reap, does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _is_gateway(pid: int) -> bool:
    try:
        return b"\0gateway\0serve\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


@contextmanager
def installed(directory: Path, settings: str = "") -> Iterator[Gateway]:
    """A gateway in *directory*, not started yet; nothing of it is left running."""
    one = Gateway(directory, settings)
    name = f"gateway at {one.target}"
    logs[name] = one.log
    try:
        yield one
    finally:
        one.end()
        del logs[name]


class Api:
    """What people and senders ask of a gateway; an unexpected status is an error with its body."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def ask(
        self, method: str, path: str, body: Any = None, *, status: int = 200, **parameters: str
    ) -> Any:
        """The decoded answer, None if it is empty; *body* goes out as JSON."""
        arguments: Json = {} if body is None else {"json": body}
        async with self.session.request(method, path, params=parameters, **arguments) as response:
            assert response.status == status, await said(response)
            return await response.json(content_type=None)

    async def get(self, path: str, **parameters: str) -> Any:
        return await self.ask("GET", path, **parameters)

    async def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        return await self.ask("POST", path, body, status=status)

    async def send(self, source: str, body: Any) -> Any:
        """Alerts to the intake; everything must be taken."""
        answer = await self.post(f"/api/v1/intake/{source}", body)
        assert answer["rejected"] == []
        return answer

    async def alerts(self, **labels: str) -> list[Json]:
        """Those with all of these labels."""
        matchers = ",".join(f"{name}={_quoted(value)}" for name, value in labels.items())
        items: list[Json] = (await self.get("/api/v1/alerts", matchers=f"{{{matchers}}}"))["items"]
        return items

    async def alert(self, **labels: str) -> Json | None:
        """The only one with these labels, if there is one yet."""
        found = await self.alerts(**labels)
        assert len(found) <= 1, found
        return found[0] if found else None

    async def tickets(self, **labels: str) -> list[Json]:
        """All of whose own labels are these, newest first."""
        items: list[Json] = (await self.get("/api/v1/tickets", limit="500"))["items"]
        return [one for one in items if labels.items() <= one["labels"].items()]

    async def ticket(self, ticket_id: str) -> Json:
        """With its alerts and history."""
        one: Json = await self.get(f"/api/v1/tickets/{ticket_id}")
        return one

    async def metric(self, name: str, **labels: str) -> float:
        """The value of one series of `gateway_…`; 0 if it is not there."""
        async with self.session.get("/metrics") as response:
            text = await response.text()
        return metric(text, f"gateway_{name}", labels)

    async def sole_ticket(self, status: str, **labels: str) -> Json:
        """Wait until there is one ticket of these labels, in that status; with its details."""

        async def look() -> Json | None:
            found = await self.tickets(**labels)
            assert len(found) <= 1, found
            return found[0] if found and found[0]["status"] == status else None

        return await self.ticket((await eventually(look))["id"])


@asynccontextmanager
async def api_of(url: str) -> AsyncIterator[Api]:
    """Requests are made as `local:tester`."""
    headers = {"X-Actor": "tester"}
    async with ClientSession(
        url, headers=headers, timeout=ClientTimeout(total=PATIENCE_SECONDS)
    ) as session:
        yield Api(session)


async def said(response: ClientResponse) -> str:
    """An answer for a failure's text."""
    return f"{response.method} {response.url} answered {response.status}: {await response.text()}"


def metric(text: str, name: str, labels: Mapping[str, str]) -> float:
    """One series out of Prometheus' text format; 0 if it is not there."""
    wanted = [f"{label}={_quoted(value)}" for label, value in labels.items()]
    for line in text.splitlines():
        series, _, value = line.rpartition(" ")
        if series.partition("{")[0] == name and all(one in series for one in wanted):
            return float(value)
    return 0.0


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
