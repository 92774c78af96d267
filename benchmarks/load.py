"""Load on a gateway: prebuilt requests over kept-alive connections, from processes of their own."""

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson
import uvloop


@dataclass(slots=True)
class Answers:
    """What one run of load met."""

    alerts: int = 0
    errors: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def add(self, other: "Answers") -> None:
        self.alerts += other.alerts
        self.errors += other.errors
        self.seconds = max(self.seconds, other.seconds)
        self.latencies.extend(other.latencies)

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def prometheus_bodies(distinct: int, per_request: int, prefix: str) -> list[bytes]:
    """As Prometheus would send *distinct* firing alerts, leases of ten minutes."""
    now = datetime.now(UTC)  # noqa: TID251  senders have clocks of their own
    starts_at, ends_at = _time(now - timedelta(minutes=1)), _time(now + timedelta(minutes=10))
    alerts = [
        {
            "annotations": {"summary": f"CPU of host {number} is busy", "value": "0.97"},
            "endsAt": ends_at,
            "startsAt": starts_at,
            "generatorURL": "http://prometheus:9090/graph?g0.expr=cpu&g0.tab=1",
            "labels": {
                "alertname": "CPUBusy",
                "cluster": "eu-1",
                "env": "production",
                "instance": f"{prefix}-{number}.example.net:9100",
                "job": "node",
                "severity": "warning",
                "team": f"team-{number % 50}",
            },
        }
        for number in range(distinct)
    ]
    chunks = (alerts[start : start + per_request] for start in range(0, distinct, per_request))
    return [orjson.dumps(chunk) for chunk in chunks]


def webhook_bodies(numbers: Sequence[int], per_request: int, prefix: str) -> list[bytes]:
    """As Alertmanager would send firing alerts on, one alert for each of *numbers*."""
    starts_at = _time(datetime.now(UTC) - timedelta(minutes=1))  # noqa: TID251
    head = {
        "version": "4",
        "groupKey": "{}",
        "status": "firing",
        "receiver": "all",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
    }
    alerts = [
        {
            "status": "firing",
            "labels": {
                "alertname": "CPUBusy",
                "cluster": "eu-1",
                "env": "production",
                "instance": f"{prefix}-{number}.example.net:9100",
                "job": "node",
                "severity": "warning",
                "team": f"team-{number % 50}",
            },
            "annotations": {"summary": f"CPU of host {number} is busy", "value": "0.97"},
            "startsAt": starts_at,
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=cpu&g0.tab=1",
            "fingerprint": f"{number:016x}",
        }
        for number in numbers
    ]
    chunks = (alerts[start : start + per_request] for start in range(0, len(alerts), per_request))
    return [orjson.dumps({**head, "alerts": chunk}) for chunk in chunks]


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def as_requests(bodies: Sequence[bytes], path: str, port: int) -> list[bytes]:
    """Whole HTTP requests, ready to be written."""
    return [
        b"POST %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (path.encode(), port, len(body), body)
        for body in bodies
    ]


def run(
    requests: Sequence[bytes],
    per_request: int,
    port: int,
    *,
    processes: int = 1,
    connections: int = 16,
    seconds: float | None = None,
    per_second: float | None = None,
) -> Answers:
    """Send all once (*seconds* None), or round and round for so long.

    Each connection waits for its answers (closed loop); or, with *per_second*, requests have times
    at which they are due (open loop), and waiting for a free connection counts as waiting for the
    answer, so that what a slow answer holds up is not left out.
    """
    shares = [list(requests[number::processes]) for number in range(processes)]
    rate = None if per_second is None else per_second / processes
    arguments = [(share, per_request, port, connections, seconds, rate) for share in shares]
    total = Answers()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(_nothing, range(processes))  # started before the clock is
        for answers in pool.starmap(_work, arguments):
            total.add(answers)
    return total


def _nothing(number: int) -> int:
    return number


def _work(
    requests: Sequence[bytes],
    per_request: int,
    port: int,
    connections: int,
    seconds: float | None,
    per_second: float | None,
) -> Answers:
    return uvloop.run(_send(requests, per_request, port, connections, seconds, per_second))


async def _send(
    requests: Sequence[bytes],
    per_request: int,
    port: int,
    connections: int,
    seconds: float | None,
    per_second: float | None,
) -> Answers:
    answers, queue = Answers(), iter(_forever(requests, seconds))
    started = time.perf_counter()
    if per_second is not None:
        queue = _when_due(queue, started, per_second)
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_connection(queue, per_request, port, answers))
    answers.seconds = time.perf_counter() - started
    return answers


def _forever(requests, seconds):  # type: ignore[no-untyped-def]
    if seconds is None:
        yield from requests
        return
    until = time.perf_counter() + seconds
    while True:
        for request in requests:
            if time.perf_counter() >= until:
                return
            yield request


def _when_due(queue, started: float, per_second: float):  # type: ignore[no-untyped-def]
    for number, request in enumerate(queue):
        yield started + number / per_second, request


async def _connection(queue, per_request: int, port: int, answers: Answers) -> None:  # type: ignore[no-untyped-def]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for one in queue:
        started = time.perf_counter()
        request = one
        if isinstance(one, tuple):
            due, request = one
            if due > started:
                await asyncio.sleep(due - started)
            started = due
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
        if int(length):
            await reader.readexactly(int(length))
        answers.latencies.append(time.perf_counter() - started)
        if head.startswith(b"HTTP/1.1 2"):
            answers.alerts += per_request
        else:
            answers.errors += 1
    writer.close()
