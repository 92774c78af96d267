"""How long does a sender wait for its answer, and a person for the ticket?

    python -m benchmarks.latency

Repeats at a quarter, half and three quarters of what a closed loop reached, in an open loop: each
request has a time at which it is due, and waits count from there. Beside it new alerts come, one at
a time; each is timed from its sending to the commit of its ticket.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import asyncpg

from benchmarks import load
from benchmarks.chart import Lines
from benchmarks.report import arguments, reporting
from benchmarks.subject import Subject, gateway

DISTINCT, PER_REQUEST, CONNECTIONS = 10_000, 64, 64
SHARES = (0.25, 0.5, 0.75)
TICKETS = "SELECT sum(last_ticket_number) FROM tenants"


async def tickets_timed(subject: Subject, seconds: float, prefix: str) -> list[float]:
    """Seconds from sending a new alert to its ticket, one after the other for so long."""
    bodies = load.prometheus_bodies(2_000, 1, prefix)
    requests = load.as_requests(bodies, "/api/v2/alerts", subject.port)
    connection = await asyncpg.connect(subject.postgres_url)
    reader, writer = await asyncio.open_connection("127.0.0.1", subject.port)
    until, spans = time.perf_counter() + seconds, list[float]()
    for request in requests:
        if time.perf_counter() > until:
            break
        before = await connection.fetchval(TICKETS)
        sent = time.perf_counter()
        writer.write(request)
        await reader.readuntil(b"\r\n\r\n")
        while await connection.fetchval(TICKETS) == before:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        spans.append(time.perf_counter() - sent)
        await asyncio.sleep(0.02)
    writer.close()
    await connection.close()
    return spans


def percentile(values: list[float], share: float) -> float:
    """In milliseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def main() -> None:
    chosen = arguments(__doc__).parse_args()
    answers_at: list[tuple[float, float]] = []
    tickets_at: list[tuple[float, float]] = []
    with reporting("latency", chosen) as report, gateway(redis=True) as subject:
        bodies = load.prometheus_bodies(DISTINCT, PER_REQUEST, "host")
        requests = load.as_requests(bodies, "/api/v2/alerts", subject.port)
        load.run(requests, PER_REQUEST, subject.port)
        subject.wait_until_drained()
        load.run(requests, PER_REQUEST, subject.port, seconds=3)
        full = load.run(requests, PER_REQUEST, subject.port, seconds=chosen.seconds)
        capacity = full.alerts / full.seconds / PER_REQUEST
        report.say(f"Closed loop, 16 connections: {capacity * PER_REQUEST:,.0f} alerts/s.")
        report.columns(
            *("load", "alerts/s", "answer p50", "p99", "p99.9 ms", "errors"),
            *("ticket p50", "p99 ms", "new alerts"),
        )
        for share in SHARES:
            subject.wait_until_drained()
            with ThreadPoolExecutor(1) as pool:
                loading = pool.submit(
                    load.run,
                    requests,
                    PER_REQUEST,
                    subject.port,
                    connections=CONNECTIONS,
                    seconds=2 * chosen.seconds,
                    per_second=capacity * share,
                )
                time.sleep(2)  # the load's own process starts
                spans = asyncio.run(tickets_timed(subject, 2 * chosen.seconds - 2, f"new-{share}"))
                answers = loading.result()
            report.row(
                f"{share:.0%}",
                answers.alerts / answers.seconds,
                *(answers.percentile_ms(at) for at in (0.5, 0.99, 0.999)),
                str(answers.errors),
                percentile(spans, 0.5),
                percentile(spans, 0.99),
                str(len(spans)),
            )
            answers_at.append((share * 100, answers.percentile_ms(0.99)))
            tickets_at.append((share * 100, percentile(spans, 0.99)))
        report.chart(
            Lines(
                "Milliseconds, p99 (open loop)",
                "% of what a closed loop reached",
                {"answer": answers_at, "ticket": tickets_at},
            )
        )


if __name__ == "__main__":
    main()
