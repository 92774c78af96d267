"""How much CPU does an alert cost here, and how much in Alertmanager?

    python -m benchmarks.against_alertmanager [--seconds 8] [--rounds 3] [--distinct 10000]

Both take the same bodies on `POST /api/v2/alerts`, in turn. Alertmanager keeps alerts in memory and
groups them for one receiver that is not there; the gateway writes them to its journal with fsync,
and has PostgreSQL and Redis behind it, whose CPU is counted too.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from benchmarks import load
from benchmarks.subject import REDIS, gateway, machine
from tests.programs import alertmanager

CONFIG = """
route: {receiver: nobody, group_by: [alertname, team], group_wait: 1h, group_interval: 1h}
receivers: [{name: nobody}]
"""
CONNECTIONS = 16
PER_REQUEST = (64, 1)


@dataclass(frozen=True, slots=True)
class Peer:
    """What is measured: its port, its CPU seconds so far, and when all it took is done."""

    name: str
    port: int
    cpu_seconds: Callable[[], float]
    settle: Callable[[], object]


def measured(peer: Peer, requests: list[bytes], per_request: int, seconds: float) -> load.Answers:
    """One round; the answers carry the CPU in `seconds` of it."""
    before = peer.cpu_seconds()
    answers = load.run(requests, per_request, peer.port, connections=CONNECTIONS, seconds=seconds)
    peer.settle()
    spent = (peer.cpu_seconds() - before) / max(1, answers.alerts) * 1e6
    print(
        f"{peer.name:<14} {per_request:>4} {answers.alerts / answers.seconds:>10,.0f} {spent:>8.1f}"
        f" {answers.percentile_ms(0.5):>7.2f} {answers.percentile_ms(0.99):>7.2f}"
        f" {answers.errors:>6}"
    )
    answers.cpu_us = spent
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--distinct", type=int, default=10_000)
    chosen = parser.parse_args()
    binary = REDIS.with_name("prometheus-alertmanager")
    print(f"# {machine()}\n")
    with tempfile.TemporaryDirectory() as name, gateway(redis=True) as subject:
        config = Path(name) / "alertmanager.yml"
        config.write_text(CONFIG)
        with alertmanager(binary, config, Path(name)) as program:
            process = psutil.Process(program.process.pid)
            peers = [
                Peer(
                    "gateway",
                    subject.port,
                    lambda: sum(subject.cpu_seconds().values()),
                    subject.wait_until_drained,
                ),
                Peer(
                    "alertmanager",
                    int(program.url.rpartition(":")[2]),
                    lambda: sum(process.cpu_times()[:2]),
                    lambda: None,
                ),
            ]
            compare(peers, chosen)


def compare(peers: list[Peer], chosen: argparse.Namespace) -> None:
    """In turn, after each has seen every alert once."""
    print("peer           a request   alerts/s   µs CPU  p50 ms  p99 ms errors")
    ratios = {}
    for per_request in PER_REQUEST:
        bodies = load.prometheus_bodies(chosen.distinct, per_request, "host")
        costs: dict[str, list[float]] = {peer.name: [] for peer in peers}
        for peer in peers:
            requests = load.as_requests(bodies, "/api/v2/alerts", peer.port)
            load.run(requests, per_request, peer.port)
            peer.settle()
        for _ in range(chosen.rounds):
            for peer in peers:
                requests = load.as_requests(bodies, "/api/v2/alerts", peer.port)
                answers = measured(peer, requests, per_request, chosen.seconds)
                costs[peer.name].append(answers.cpu_us)
        ours, theirs = (median(costs[peer.name]) for peer in peers)
        ratios[per_request] = theirs / ours
    for per_request, ratio in ratios.items():
        print(f"{per_request} a request: the gateway takes 1/{ratio:.1f} of Alertmanager's CPU")


if __name__ == "__main__":
    main()
