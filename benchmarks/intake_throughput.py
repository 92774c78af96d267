"""How many alerts a second does one process take, at what cost, and how fast does it answer?

Starts the gateway itself (one process, private PostgreSQL). Repeats: 10,000 distinct alerts again
and again, 64 a request. Storm: 50,000 alerts never seen before, each a new ticket. Silences: the
repeats with 10,000 active silences (70 % equality, 30 % regex), interleaved with none.
"""

import argparse
import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg

from benchmarks import load
from benchmarks.subject import Subject, gateway, machine

PER_REQUEST = 64
DISTINCT = 10_000
STORM = 50_000
SILENCES = 10_000


def repeats(subject: Subject, requests: list[bytes], seconds: float) -> tuple[float, float, str]:
    """Alerts a second, µs of CPU an alert, and a line of the table."""
    before = subject.cpu_seconds()
    answers = load.run(
        requests, PER_REQUEST, subject.port, processes=1, connections=16, seconds=seconds
    )
    subject.wait_until_drained()
    spent = {kind: now - before[kind] for kind, now in subject.cpu_seconds().items()}
    rate = answers.alerts / answers.seconds
    cost = {kind: value / answers.alerts * 1e6 for kind, value in spent.items()}
    total = sum(cost.values())
    line = (
        f"{rate:>10,.0f} {total:>8.1f} {cost['gateway']:>8.1f} {cost['postgres']:>9.1f}"
        f" {cost['redis']:>6.1f}"
        f" {answers.percentile_ms(0.5):>7.1f} {answers.percentile_ms(0.99):>7.1f}"
        f" {answers.errors:>6} {subject.memory_mib():>7.0f}"
    )
    return rate, total, line


def storm(subject: Subject) -> str:
    """New alerts: until each has its ticket in the ledger."""
    bodies = load.prometheus_bodies(STORM, PER_REQUEST, f"storm-{uuid4().hex[:6]}")
    requests = load.as_requests(bodies, "/api/v2/alerts", subject.port)
    before, opened = subject.cpu_seconds(), subject.metric("gateway_tickets_opened_total")
    started = time.perf_counter()
    answers = load.run(requests, PER_REQUEST, subject.port, connections=16)
    answered = time.perf_counter() - started
    subject.wait_until_drained()
    seconds = time.perf_counter() - started
    tickets = subject.metric("gateway_tickets_opened_total") - opened
    spent = {kind: now - before[kind] for kind, now in subject.cpu_seconds().items()}
    return (
        f"{tickets:,.0f} tickets in {seconds:.1f} s (answered in {answered:.1f} s):"
        f" {tickets / seconds:,.0f} tickets/s;"
        f" µs of CPU each: gateway {spent['gateway'] / tickets * 1e6:.0f},"
        f" postgres {spent['postgres'] / tickets * 1e6:.0f};"
        f" p99 {answers.percentile_ms(0.99):.0f} ms, {answers.errors} errors,"
        f" {subject.memory_mib():.0f} MiB"
    )


def silence_texts(count: int) -> list[str]:
    """70 % equality, 30 % regex; none of them hides the load."""
    draw = random.Random(7)
    texts = []
    for number in range(count):
        if draw.random() < 0.7:
            texts.append(f'{{team="team-{number % 50}", instance="other-{number}:9100"}}')
        else:
            texts.append(f'{{env="production", instance=~"db-{number}-.*|cache-{number}"}}')
    return texts


async def put_silences(subject: Subject, count: int) -> None:
    """Straight into the ledger: making them one by one is another question."""
    now = datetime.now(UTC)  # noqa: TID251
    connection = await asyncpg.connect(subject.postgres_url)
    await connection.execute("UPDATE silences SET ends_at = greatest(starts_at, now())")
    await connection.executemany(
        "INSERT INTO silences (tenant_id, id, matchers, starts_at, ends_at, author, comment,"
        " created_at, updated_at, version, history_length, history_head)"
        " VALUES (1, $1, $2, $3, $4, 'benchmark', '', $3, $3, 1, 0, '')",
        [(uuid4(), text, now, now + timedelta(hours=1)) for text in silence_texts(count)],
    )
    await connection.execute("UPDATE tenants SET silence_version = silence_version + 1")
    await connection.close()


def options_of(chosen: argparse.Namespace) -> str:
    """An identity cache that is large enough, as config.example.toml says."""
    cache = max(512 * 2**20, 2100 * chosen.distinct)
    return f"http.workers = {chosen.workers}\n[intake]\nidentity_cache_bytes = {cache}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of each measured round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["repeats", "storm", "silences"])
    parser.add_argument("--redis", action="store_true", help="with Redis in front of PostgreSQL")
    parser.add_argument("--distinct", type=int, default=DISTINCT, help="alerts that are repeated")
    parser.add_argument("--workers", type=int, default=1, help="processes of the gateway")
    chosen = parser.parse_args()
    print(f"# {machine()}\n")
    bodies = load.prometheus_bodies(chosen.distinct, PER_REQUEST, "host")
    head = "  alerts/s   µs CPU  gateway  postgres  redis  p50 ms  p99 ms errors     MiB"
    with gateway(options_of(chosen), redis=chosen.redis) as subject:
        requests = load.as_requests(bodies, "/api/v2/alerts", subject.port)
        load.run(requests, PER_REQUEST, subject.port)  # their tickets are opened here
        subject.wait_until_drained()
        if chosen.only in (None, "repeats"):
            print(f"repeats: {chosen.distinct:,} distinct, {PER_REQUEST} a request\n{head}")
            for _ in range(chosen.rounds):
                print(repeats(subject, requests, chosen.seconds)[2])
        if chosen.only in (None, "storm"):
            print(f"\nstorm: {storm(subject)}")
        if chosen.only in (None, "silences"):
            print(f"\nsilences: none and {SILENCES:,}, interleaved\n{head}")
            measured: dict[int, list[tuple[float, float]]] = {0: [], SILENCES: []}
            for _ in range(chosen.rounds):
                for count in (0, SILENCES):
                    asyncio.run(put_silences(subject, count))
                    repeats(subject, requests, 2)  # verdicts are made once a version
                    rate, cost, line = repeats(subject, requests, chosen.seconds)
                    measured[count].append((rate, cost))
                    print(f"{line}  with {count:,}")
            without, with_all = (
                sorted(cost for _, cost in measured[count])[len(measured[count]) // 2]
                for count in (0, SILENCES)
            )
            print(
                f"CPU an alert with {SILENCES:,} silences: {with_all / without:.2f}"
                " of that with none"
            )


if __name__ == "__main__":
    main()
