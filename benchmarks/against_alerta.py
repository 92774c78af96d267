"""How many alerts a CPU second does alerta take, and how many the gateway?

    python -m benchmarks.against_alerta [--alerts 400]

Both take Alertmanager's webhook and keep alerts in PostgreSQL. `new`: alerts never seen before;
`repeats`: 95 % are repeats of a thousand that are known. The gateway is sent many times as many,
so that a round takes as long.
"""

import asyncio
import random
from itertools import count

from benchmarks import load
from benchmarks.chart import Bars
from benchmarks.peers import Peer, alerta, as_peer, interleaved, measure, medians
from benchmarks.report import arguments, reporting, spread
from benchmarks.subject import gateway

KNOWN = 1_000
GATEWAY_TIMES = {("repeats", 50): 500, ("repeats", 1): 150, ("new", 50): 75, ("new", 1): 50}
WEBHOOK = "/api/v1/intake/alertmanager"


class Workload:
    """Alerts by number; a number that was never drawn is an alert never seen."""

    def __init__(self) -> None:
        self._fresh = count(KNOWN)
        self._draw = random.Random(11)

    def numbers(self, kind: str, alerts: int) -> list[int]:
        """`known`: each known one once."""
        if kind == "known":
            return list(range(KNOWN))
        if kind == "new":
            return [next(self._fresh) for _ in range(alerts)]
        return [
            next(self._fresh) if self._draw.random() < 0.05 else self._draw.randrange(KNOWN)
            for _ in range(alerts)
        ]


async def ask() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--alerts", type=int, default=400, help="for alerta in each round")
    chosen = parser.parse_args()
    workload, bars, ratios = Workload(), list[tuple[str, float, str]](), list[str]()
    with reporting("against_alerta", chosen) as report, gateway(redis=True) as subject:
        async with alerta() as other:
            peers = [as_peer(subject, WEBHOOK), other]

            def one(peer: Peer, kind: str, per_request: int):  # type: ignore[no-untyped-def]
                is_ours = peer.name == "gateway"
                times = GATEWAY_TIMES.get((kind, per_request), 1) if is_ours else 1
                numbers = workload.numbers(kind, chosen.alerts * times)
                bodies = load.webhook_bodies(numbers, per_request, "host")
                return measure(peer, bodies, per_request, None)

            report.columns(
                "alerts", "a request", "who", "alerts/s", "µs of CPU an alert", "errors", "MiB"
            )
            for peer in peers:
                await asyncio.to_thread(one, peer, "known", 50)
            for kind in ("new", "repeats"):
                for size in (50, 1):
                    found = await asyncio.to_thread(
                        interleaved,
                        peers,
                        chosen.rounds,
                        lambda peer, kind=kind, size=size: one(peer, kind, size),
                    )
                    for name, rounds in found.items():
                        report.row(
                            kind,
                            str(size),
                            name,
                            spread([it.rate for it in rounds]),
                            spread([it.cpu_us for it in rounds]),
                            str(sum(it.errors for it in rounds)),
                            max(it.memory_mib for it in rounds),
                        )
                    cost = medians(found)
                    bars += [
                        (f"{name}, {kind}, {size}", 1e6 / us, name) for name, us in cost.items()
                    ]
                    ratio = cost["alerta"] / cost["gateway"]
                    ratios.append(f"{kind}, {size} a request: {ratio:,.0f}")
            report.say("Alerts a CPU second, gateway ÷ alerta: " + "; ".join(ratios) + ".")
            report.chart(Bars("Alerts a CPU second (longer is better)", bars))


if __name__ == "__main__":
    asyncio.run(ask())
