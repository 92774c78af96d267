"""How does the rate grow with the number of processes?

    python -m benchmarks.workers [--workers 1 2 3]

PostgreSQL, Redis and the load itself run on the same cores: beyond half of them, processes compete.
"""

from benchmarks import load
from benchmarks.chart import Bars
from benchmarks.peers import as_peer, measure
from benchmarks.report import arguments, reporting, spread
from benchmarks.subject import gateway

DISTINCT, PER_REQUEST = 10_000, 64


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 3])
    chosen = parser.parse_args()
    bodies = load.prometheus_bodies(DISTINCT, PER_REQUEST, "host")
    bars: list[tuple[str, float, str]] = []
    with reporting("workers", chosen) as report:
        report.columns("processes", "alerts/s", "µs of CPU an alert", "p99 ms", "errors", "MiB")
        for workers in chosen.workers:
            with gateway(f"http.workers = {workers}\n", redis=True) as subject:
                peer = as_peer(subject)
                measure(peer, bodies, PER_REQUEST, None)
                measure(peer, bodies, PER_REQUEST, 3, connections=16 * workers)
                found = [
                    measure(peer, bodies, PER_REQUEST, chosen.seconds, connections=16 * workers)
                    for _ in range(chosen.rounds)
                ]
            report.row(
                str(workers),
                spread([one.rate for one in found]),
                spread([one.cpu_us for one in found]),
                max(one.p99_ms for one in found),
                str(sum(one.errors for one in found)),
                max(one.memory_mib for one in found),
            )
            bars.append((f"{workers} processes", max(one.rate for one in found), ""))
        report.chart(Bars("Alerts a second", bars))


if __name__ == "__main__":
    main()
