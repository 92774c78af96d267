"""What do tenants cost in which nothing happens?

    python -m benchmarks.idle_tenants [--tenants 1 100 1000]

A gateway with a webhook and a Redis is given ever more tenants and no alerts. Counted are the
transactions that PostgreSQL commits for it, and the CPU of all who serve.
"""

import asyncio
import time

import asyncpg

from benchmarks.chart import Bars
from benchmarks.report import Report, arguments, reporting
from benchmarks.subject import Subject, gateway

WEBHOOK = '[[webhooks]]\nname = "nobody"\nurl = "http://127.0.0.1:9/"\n'
KNOWN_AFTER_SECONDS = 35
"""Until every process has read the list of tenants anew, and has looked at the new ones once."""

MORE = """
INSERT INTO tenants (tenant_id, name) SELECT n, 'tenant ' || n FROM generate_series(1, $1) AS n
ON CONFLICT DO NOTHING
"""
COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"


async def asked(subject: Subject, statement: str, *arguments: object) -> int:
    """The first value of its answer, 0 if it has none."""
    connection = await asyncpg.connect(subject.postgres_url)
    try:
        return int(await connection.fetchval(statement, *arguments) or 0)
    finally:
        await connection.close()


def measured(subject: Subject, seconds: float) -> tuple[float, dict[str, float]]:
    """Commits a second, and milliseconds of CPU a second."""
    commits, spent = asyncio.run(asked(subject, COMMITS)), subject.cpu_seconds()
    began = time.perf_counter()
    time.sleep(seconds)
    passed = time.perf_counter() - began
    more = asyncio.run(asked(subject, COMMITS)) - commits
    now = subject.cpu_seconds()
    return more / passed, {kind: 1000 * (now[kind] - spent[kind]) / passed for kind in now}


def ask(report: Report, subject: Subject, tenants: int, seconds: float) -> float:
    """Commits a second with so many tenants."""
    asyncio.run(asked(subject, MORE, tenants))
    time.sleep(KNOWN_AFTER_SECONDS)
    commits, spent = measured(subject, seconds)
    report.row(f"{tenants:,}", commits, *(spent[kind] for kind in ("gateway", "postgres", "redis")))
    return commits


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--tenants", type=int, nargs="+", default=[1, 100, 1000])
    chosen = parser.parse_args()
    bars: list[tuple[str, float, str]] = []
    with reporting("idle_tenants", chosen) as report, gateway(WEBHOOK, redis=True) as subject:
        report.columns("tenants", "commits/s", "gateway ms/s", "PostgreSQL ms/s", "Redis ms/s")
        for tenants in sorted(chosen.tenants):
            commits = ask(report, subject, tenants, chosen.seconds)
            bars.append((f"{tenants:,}", commits, ""))
        report.chart(Bars("Commits a second", bars))


if __name__ == "__main__":
    main()
