"""How long do lists take when there are a million tickets and alerts?

    python -m benchmarks.lists [--rows 1000000]

One real ticket with its alert is multiplied in the database; every twentieth copy is live. Lists
are then asked for over the API, one after the other, and so are details of live tickets.
"""

import asyncio
import time
import urllib.parse
import urllib.request

import asyncpg
import orjson

from benchmarks import load
from benchmarks.chart import Bars
from benchmarks.report import arguments, reporting
from benchmarks.subject import Subject, gateway

TABLES = {
    "tickets": {
        "id": "'tk_' || lpad(to_hex(n), 26, '0')",
        "number": "n + 10",
        "merge_key": "decode(md5(n::text), 'hex')",
        "title": "'CPU of host ' || n || ' is busy'",
        "status": "CASE WHEN n % 20 <> 0 THEN 'closed'"
        " ELSE (ARRAY['open', 'in_progress', 'pending'])[1 + n / 20 % 3] END",
        "priority": "(ARRAY['critical', 'high', 'medium', 'low'])[1 + n / 20 % 4]",
        "assignee": "CASE WHEN n % 6 = 0 THEN 'u_' || n % 500 ELSE '' END",
        "assignee_group": "CASE WHEN n % 4 = 0 THEN 'group-' || n % 16 ELSE '' END",
        "requester": "CASE WHEN n % 10 = 7 THEN 'u_' || n % 500 ELSE 'system' END",
        "project": "CASE WHEN n % 3 = 0 THEN 'P' || n % 60 ELSE '' END",
        "labels": "labels || jsonb_build_object('instance', 'host-' || n)",
        "resolved_at": "CASE WHEN n % 20 <> 0 THEN created_at END",
        "history_length": "1",
        "created_at": "created_at - n * interval '1 second'",
        "updated_at": "updated_at - n * interval '1 second'",
    },
    "alerts": {
        "fingerprint": "decode(md5(n::text), 'hex')",
        "labels": "labels || jsonb_build_object('instance', 'host-' || n)",
        "ticket_id": "'tk_' || lpad(to_hex(n), 26, '0')",
        "first_seen": "first_seen - n * interval '1 second'",
    },
    "strands": {
        "strand": "decode(md5(n::text), 'hex')",
        "fingerprint": "decode(md5(n::text), 'hex')",
    },
    "history": {
        "object_id": "'tk_' || lpad(to_hex(n), 26, '0')",
        "actor": "CASE WHEN n % 50 = 0 THEN 'u_' || n % 500 ELSE 'system' END",
        "applied": "n",
    },
    "reports": {"strand": "decode(md5(n::text), 'hex')"},
    "ticket_alerts": {
        "ticket_id": "'tk_' || lpad(to_hex(n), 26, '0')",
        "fingerprint": "decode(md5(n::text), 'hex')",
    },
}
LIVE = "status=open&status=in_progress&status=pending"
LISTS = {
    "tickets, first page": "/api/v1/tickets?limit=50",
    "tickets, live": f"/api/v1/tickets?limit=50&{LIVE}",
    "tickets, open": "/api/v1/tickets?limit=50&status=open",
    "tickets, closed": "/api/v1/tickets?limit=50&status=closed",
    "tickets, live, critical": f"/api/v1/tickets?limit=50&{LIVE}&priority=critical",
    "tickets, live, of nobody": f"/api/v1/tickets?limit=50&{LIVE}&assignee=",
    "tickets, live, of a group": f"/api/v1/tickets?limit=50&{LIVE}&group=group-4",
    "tickets, of an assignee": "/api/v1/tickets?limit=50&assignee=u_20",
    "tickets, of a requester": "/api/v1/tickets?limit=50&requester=u_7",
    "tickets, of a project": "/api/v1/tickets?limit=50&project=P3",
    "tickets, none so in 20,000": "/api/v1/tickets?limit=50&major=true",
    "tickets, no such text in 20,000": "/api/v1/tickets?limit=50&q=nowhere",
    "tickets, no such label in 20,000": "/api/v1/tickets?limit=50&matchers="
    + urllib.parse.quote('{instance="nowhere"}'),
    "tickets, no such pattern in 5,000": "/api/v1/tickets?limit=50&matchers="
    + urllib.parse.quote('{instance=~"nowhere.*"}'),
    "tickets, no such source in 5,000": "/api/v1/tickets?limit=50&source=nowhere",
    "tickets, by number": "/api/v1/tickets?q=%234711",
    "a ticket": "/api/v1/tickets/{id}",
    "audit, first page": "/api/v1/audit?limit=50",
    "audit, of a person": "/api/v1/audit?limit=50&actor=u_50",
    "audit, none so in 20,000": "/api/v1/audit?limit=50&field=nothing",
    "audit, as a feed": "/api/v1/audit?limit=50&after=",
    "alerts, first page": "/api/v1/alerts?limit=50",
    "alerts, firing": "/api/v1/alerts?limit=50&status=firing",
    "alerts, by label": "/api/v1/alerts?limit=50&matchers="
    + urllib.parse.quote('{instance="host-5"}'),
}
TIMES = 40


async def multiply(subject: Subject, rows: int) -> None:
    connection = await asyncpg.connect(subject.postgres_url)
    for table, changed in TABLES.items():
        columns = [
            row["attname"]
            for row in await connection.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
                " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
                table,
            )
        ]
        values = ", ".join(changed.get(name, f"one.{name}") for name in columns)
        await connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"
            f" FROM (SELECT * FROM {table} LIMIT 1) AS one, generate_series(1, {rows}) AS n"
        )
        await connection.execute(f"VACUUM (ANALYZE) {table}")
    await connection.close()


def timed(subject: Subject, path: str, times: int) -> tuple[list[float], dict[str, object]]:
    """Seconds of each answer, and the last page."""
    spans, page = [], b"{}"
    for turn in range(1, times + 1):
        place = path.replace("{id}", f"tk_{20 * turn:026x}")
        began = time.perf_counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{subject.port}{place}") as answer:
            page = answer.read()
        spans.append(time.perf_counter() - began)
    return sorted(spans), orjson.loads(page)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    chosen = parser.parse_args()
    bars: list[tuple[str, float, str]] = []
    with reporting("lists", chosen) as report, gateway() as subject:
        requests = load.as_requests(
            load.prometheus_bodies(1, 1, "host"), "/api/v2/alerts", subject.port
        )
        load.run(requests, 1, subject.port)
        subject.wait_until_drained()
        asyncio.run(multiply(subject, chosen.rows))
        report.say(f"{chosen.rows:,} tickets, each with one alert.")
        report.columns("list", "p50 ms", "p95 ms", "slowest ms", "rows")
        for name, path in LISTS.items():
            spans, page = timed(subject, path, TIMES)
            if name.endswith("first page"):
                report_page(report, name, spans, page, bars)
                for _ in range(20):  # on through the pages
                    following = urllib.parse.quote(str(page["next"]))
                    spans, page = timed(subject, f"{path}&cursor={following}", 5)
                name = f"{name.split(',')[0]}, page 21"
            report_page(report, name, spans, page, bars)
        report.chart(Bars("Milliseconds, p50", bars))


def report_page(report, name, spans, page, bars) -> None:  # type: ignore[no-untyped-def]
    middle = spans[len(spans) // 2] * 1000
    late = spans[len(spans) * 95 // 100] * 1000
    rows = str(len(page["items"])) if "items" in page else "one"
    report.row(name, middle, late, spans[-1] * 1000, rows)
    bars.append((name, middle, ""))


if __name__ == "__main__":
    main()
