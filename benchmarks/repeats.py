"""What does a repeat cost, here and in Alertmanager?

    python -m benchmarks.repeats [--distinct 10000 100000]

Both take the same bodies on `POST /api/v2/alerts`, in turn. Alertmanager keeps alerts in memory;
the gateway writes them to its journal with fsync, and the CPU of its PostgreSQL and Redis counts.
"""

from benchmarks import load
from benchmarks.chart import Bars
from benchmarks.peers import alertmanager_alone, as_peer, interleaved, measure, medians
from benchmarks.report import arguments, reporting, spread
from benchmarks.subject import gateway

PER_REQUEST = (64, 1)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--distinct", type=int, nargs="+", default=[10_000, 100_000])
    chosen = parser.parse_args()
    bars: list[tuple[str, float, str]] = []
    with reporting("repeats", chosen) as report:
        report.columns(
            *("distinct", "a request", "who", "alerts/s", "µs of CPU an alert"),
            *("p50 ms", "p99 ms", "errors", "MiB"),
        )
        ratios = []
        for distinct in chosen.distinct:
            with gateway(redis=True) as subject, alertmanager_alone() as other:
                peers = [as_peer(subject), other]
                for per_request in PER_REQUEST:
                    bodies = load.prometheus_bodies(distinct, per_request, "host")
                    for peer in peers:  # their tickets are opened here, and two short rounds go by
                        measure(peer, bodies, per_request, None)
                        measure(peer, bodies, per_request, 3)
                    found = interleaved(
                        peers,
                        chosen.rounds,
                        lambda peer, bodies=bodies, size=per_request: measure(  # type: ignore[misc]
                            peer, bodies, size, chosen.seconds
                        ),
                    )
                    for name, rounds in found.items():
                        report.row(
                            f"{distinct:,}",
                            str(per_request),
                            name,
                            spread([one.rate for one in rounds]),
                            spread([one.cpu_us for one in rounds]),
                            max(one.p50_ms for one in rounds),
                            max(one.p99_ms for one in rounds),
                            str(sum(one.errors for one in rounds)),
                            max(one.memory_mib for one in rounds),
                        )
                    cost = medians(found)
                    bars += [
                        (f"{name}, {per_request} a request, {distinct // 1000}k", us, name)
                        for name, us in cost.items()
                    ]
                    ratio = cost[other.name] / cost["gateway"]
                    ratios.append(f"{distinct:,} distinct, {per_request} a request: {ratio:.2f}")
        report.say()
        report.say("CPU of Alertmanager an alert ÷ CPU of the gateway: " + "; ".join(ratios) + ".")
        report.chart(Bars("µs of CPU an alert (shorter is better)", bars))


if __name__ == "__main__":
    main()
