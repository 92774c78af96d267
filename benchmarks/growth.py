"""How do cost and memory grow with the number of distinct alerts?

    python -m benchmarks.growth [--distinct 1000 10000 100000 1000000]

Every alert fires and is repeated round and round, each with a window and a ticket of its own. The
rounds are long enough for Redis to bring what it holds to PostgreSQL at least once.
"""

from statistics import median

from benchmarks import load
from benchmarks.chart import Lines
from benchmarks.peers import as_peer, measure
from benchmarks.report import arguments, reporting, spread
from benchmarks.subject import Subject, gateway

PER_REQUEST = 64
CACHE_BYTES_EACH = 2_100
"""As config.example.toml says."""


def options(distinct: int) -> str:
    """An identity cache that is large enough."""
    cache = max(512 * 2**20, CACHE_BYTES_EACH * distinct)
    return f"[intake]\nidentity_cache_bytes = {cache}\n"


def redis_mib(subject: Subject) -> float:
    """Resident."""
    assert subject.redis is not None
    return float(subject.processes()[-1].memory_info().rss / 2**20)


def main() -> None:
    parser = arguments(__doc__)
    parser.set_defaults(seconds=35)
    parser.add_argument(
        "--distinct", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000]
    )
    chosen = parser.parse_args()
    course: list[tuple[float, float]] = []
    with reporting("growth", chosen) as report:
        report.columns(
            *("distinct", "alerts/s", "µs of CPU an alert", "gateway", "PostgreSQL", "Redis"),
            *("p99 ms", "errors", "gateway MiB", "Redis MiB"),
        )
        for distinct in chosen.distinct:
            bodies = load.prometheus_bodies(distinct, PER_REQUEST, "host")
            with gateway(options(distinct), redis=True) as subject:
                peer = as_peer(subject)
                measure(peer, bodies, PER_REQUEST, None)
                measure(peer, bodies, PER_REQUEST, 5)
                found, shares = [], []
                for _ in range(chosen.rounds):
                    before = subject.cpu_seconds()
                    one = measure(peer, bodies, PER_REQUEST, chosen.seconds)
                    after = subject.cpu_seconds()
                    alerts = one.rate * chosen.seconds
                    found.append(one)
                    shares.append({k: (after[k] - before[k]) / alerts * 1e6 for k in after})
                report.row(
                    f"{distinct:,}",
                    spread([one.rate for one in found]),
                    spread([one.cpu_us for one in found]),
                    *(median(one[kind] for one in shares) for kind in shares[0]),
                    max(one.p99_ms for one in found),
                    str(sum(one.errors for one in found)),
                    subject.memory_mib(),
                    redis_mib(subject),
                )
            course.append((distinct, median(one.cpu_us for one in found)))
        report.chart(Lines("µs of CPU an alert", "distinct alerts", {"all processes": course}))


if __name__ == "__main__":
    main()
