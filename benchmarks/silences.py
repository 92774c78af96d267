"""What do silences cost, few and many, for alerts that they hide and for those they do not?

    python -m benchmarks.silences [--counts 0 100 10000]

The same repeats with more and more active silences. `misses`: none of them hides the load;
`hits`: they also hide a tenth of it. `first`: the round in which each verdict is made anew.
"""

import argparse
import asyncio
import random
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import uuid4

import asyncpg

from benchmarks import load
from benchmarks.chart import Lines
from benchmarks.peers import Measured, as_peer, measure
from benchmarks.report import Report, arguments, reporting, spread
from benchmarks.subject import Subject, gateway

DISTINCT, PER_REQUEST = 10_000, 64
KINDS = {"equality": 1.0, "regex": 0.0, "mixed": 0.7}
HIT = '{instance=~"host-[0-9]*0.example.net:9100"}'
INSERT = (
    "INSERT INTO silences (tenant_id, id, matchers, starts_at, ends_at, author, comment,"
    " created_at, updated_at, version, history_length, history_head)"
    " VALUES (1, $1, $2, $3, $4, 'benchmark', '', $3, $3, 1, 0, '')"
)


def texts(count: int, equalities: float) -> list[str]:
    """A share of *equalities* compares by `==` alone, the others by a regex; they hide no load."""
    draw = random.Random(7)
    found = []
    for number in range(count):
        if draw.random() < equalities:
            found.append(f'{{team="team-{number % 50}", instance="other-{number}:9100"}}')
        else:
            found.append(f'{{env="production", instance=~"db-{number}-.*|cache-{number}"}}')
    return found


async def put(subject: Subject, silences: list[str]) -> None:
    """Straight into the ledger: making them one by one is another question."""
    now = datetime.now(UTC)  # noqa: TID251
    connection = await asyncpg.connect(subject.postgres_url)
    await connection.execute("DELETE FROM silences")
    rows = [(uuid4(), text, now, now + timedelta(hours=2)) for text in silences]
    await connection.executemany(INSERT, rows)
    await connection.execute("UPDATE tenants SET silence_version = silence_version + 1")
    await connection.close()


def ask(subject: Subject, bodies: list[bytes], chosen: argparse.Namespace, report: Report) -> None:
    peer = as_peer(subject)
    measure(peer, bodies, PER_REQUEST, None)
    measure(peer, bodies, PER_REQUEST, 3)
    cases = [(0, "mixed", "misses")]
    for count in chosen.counts[1:]:
        cases += [(count, kind, "misses") for kind in KINDS] + [(count, "mixed", "hits")]
    rounds: dict[tuple[int, str, str], list[tuple[Measured, Measured]]] = {}
    for _ in range(chosen.rounds):
        for count, kind, effect in cases:
            silences = texts(count, KINDS[kind]) + ([HIT] if effect == "hits" else [])
            asyncio.run(put(subject, silences))
            first = measure(peer, bodies, PER_REQUEST, None)
            measure(peer, bodies, PER_REQUEST, 1)
            steady = measure(peer, bodies, PER_REQUEST, chosen.seconds)
            rounds.setdefault((count, kind, effect), []).append((first, steady))
    report.columns(
        *("silences", "kind", "effect", "alerts/s", "µs of CPU an alert"),
        *("first round µs", "p99 ms", "errors", "MiB"),
    )
    for (count, kind, effect), found in rounds.items():
        report.row(
            f"{count:,}",
            kind,
            effect,
            spread([steady.rate for _, steady in found]),
            spread([steady.cpu_us for _, steady in found]),
            spread([first.cpu_us for first, _ in found]),
            max(steady.p99_ms for _, steady in found),
            str(sum(one.errors for pair in found for one in pair)),
            max(steady.memory_mib for _, steady in found),
        )
    cost = {case: median(steady.cpu_us for _, steady in found) for case, found in rounds.items()}
    most = (max(chosen.counts), "mixed", "misses")
    report.say(
        f"Alerts a CPU second with {most[0]:,} mixed silences ÷ with none:"
        f" {cost[cases[0]] / cost[most]:.2f}."
    )
    course = [(max(count, 1), cost[count, "mixed", "misses"]) for count in sorted(chosen.counts)]
    report.chart(Lines("µs of CPU an alert", "silences (1: none)", {"misses": course}))


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[0, 100, 10_000, 100_000])
    chosen = parser.parse_args()
    bodies = load.prometheus_bodies(DISTINCT, PER_REQUEST, "host")
    with reporting("silences", chosen) as report, gateway(redis=True) as subject:
        ask(subject, bodies, chosen, report)


if __name__ == "__main__":
    main()
