"""How fast do alerts never seen before become tickets, and how fast could PostgreSQL at most?

    python -m benchmarks.storm [--alerts 30000]

The limit: the very rows that the storm left behind, copied with COPY into the same tables, indexes
included, in one transaction.
"""

import asyncio
import io
import time
from uuid import uuid4

import asyncpg

from benchmarks import load
from benchmarks.chart import Bars
from benchmarks.report import arguments, reporting, spread
from benchmarks.subject import Subject, gateway

PER_REQUEST = 64


def storm(subject: Subject, alerts: int) -> dict[str, float]:
    """One storm: tickets a second until all are in the ledger, and µs of CPU a ticket."""
    bodies = load.prometheus_bodies(alerts, PER_REQUEST, f"storm-{uuid4().hex[:6]}")
    requests = load.as_requests(bodies, "/api/v2/alerts", subject.port)
    before, began = subject.cpu_seconds(), time.perf_counter()
    answers = load.run(requests, PER_REQUEST, subject.port)
    answered = time.perf_counter() - began
    subject.wait_until_drained()
    seconds = time.perf_counter() - began
    spent = {kind: now - before[kind] for kind, now in subject.cpu_seconds().items()}
    return {
        "rate": alerts / seconds,
        "answered": answered,
        "p99": answers.percentile_ms(0.99),
        "errors": answers.errors,
        **{kind: value / alerts * 1e6 for kind, value in spent.items()},
    }


async def copy_again(subject: Subject) -> tuple[float, float, int]:
    """Seconds and rows of COPY of all that the gateway's tables hold, into tables made alike."""
    connection = await asyncpg.connect(subject.postgres_url)
    names = [
        row["relname"]
        for row in await connection.fetch(
            "SELECT relname FROM pg_stat_user_tables"
            " WHERE n_tup_ins > 100 AND schemaname = 'public' ORDER BY relname"
        )
    ]
    await connection.execute("DROP SCHEMA IF EXISTS copied CASCADE; CREATE SCHEMA copied")
    contents: dict[str, io.BytesIO] = {}
    for name in names:
        await connection.execute(f"CREATE TABLE copied.{name} (LIKE public.{name} INCLUDING ALL)")
        contents[name] = io.BytesIO()
        await connection.copy_from_table(name, output=contents[name], schema_name="public")
        contents[name].seek(0)
    tickets = await connection.fetchval("SELECT count(*) FROM tickets")
    rows, before, began = 0, subject.cpu_seconds()["postgres"], time.perf_counter()
    async with connection.transaction():
        for name, content in contents.items():
            done = await connection.copy_to_table(name, source=content, schema_name="copied")
            rows += int(done.split()[1])
    seconds = time.perf_counter() - began
    await connection.close()
    return tickets / seconds, (subject.cpu_seconds()["postgres"] - before) / tickets * 1e6, rows


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--alerts", type=int, default=30_000, help="of one storm")
    chosen = parser.parse_args()
    rates: dict[str, list[float]] = {}
    with reporting("storm", chosen) as report:
        report.columns(
            *("with", "tickets/s", "gateway µs", "PostgreSQL µs", "Redis µs"),
            *("answered s", "p99 ms", "errors"),
        )
        for with_redis in (False, True):
            kind = "Redis" if with_redis else "no Redis"
            with gateway(redis=with_redis) as subject:
                storm(subject, 2_000)
                found = [storm(subject, chosen.alerts) for _ in range(chosen.rounds)]
                rates[kind] = [one["rate"] for one in found]
                report.row(
                    kind,
                    spread(rates[kind]),
                    *(
                        spread([one[cost] for one in found])
                        for cost in ("gateway", "postgres", "redis")
                    ),
                    max(one["answered"] for one in found),
                    max(one["p99"] for one in found),
                    str(sum(int(one["errors"]) for one in found)),
                )
                if not with_redis:
                    rate, cpu, rows = asyncio.run(copy_again(subject))
                    copied = f"COPY of the same {rows:,} rows"
        report.row(copied, rate, "", cpu, "", "", "", "")
        median = sorted(rates["no Redis"])[len(rates["no Redis"]) // 2]
        report.say(f"Tickets/s of the storm ÷ of COPY: {median / rate:.2f}.")
        bars = [(kind, max(one), "gateway") for kind, one in rates.items()]
        report.chart(Bars("Tickets a second, new alerts", [*bars, ("COPY", rate, "COPY")]))


if __name__ == "__main__":
    main()
