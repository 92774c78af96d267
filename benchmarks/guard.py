"""Has the way of an alert become much dearer? Ends with 1 if it has.

    python -m benchmarks.guard

CPU beside that of an aiohttp that does nothing, in the same run, so that the machine does not
matter; the bounds are twice what is usual, so that noise does not either.
"""

import sys

from benchmarks import load
from benchmarks.peers import as_peer, bare_aiohttp, interleaved, measure, medians
from benchmarks.subject import gateway

DISTINCT, SECONDS, ROUNDS = 5_000, 2, 3
MOST = {64: 25.0, 1: 8.0}
"""Alerts a request → CPU of the gateway ÷ that of aiohttp."""


def main() -> int:
    dearer = 0
    with gateway() as subject, bare_aiohttp() as bare:
        peers = [bare, as_peer(subject)]
        for per_request, most in MOST.items():
            bodies = load.prometheus_bodies(DISTINCT, per_request, "host")
            for peer in peers:
                measure(peer, bodies, per_request, None)
                measure(peer, bodies, per_request, 1)
            cost = medians(
                interleaved(
                    peers,
                    ROUNDS,
                    lambda peer, bodies=bodies, size=per_request: measure(  # type: ignore[misc]
                        peer, bodies, size, SECONDS
                    ),
                )
            )
            ratio = cost["gateway"] / cost[bare.name]
            verdict = "well" if ratio <= most else "TOO MUCH"
            print(
                f"{per_request} a request: {ratio:.1f} times the CPU of aiohttp alone,"
                f" {most:g} at most: {verdict}"
            )
            dearer += ratio > most
    return int(dearer > 0)


if __name__ == "__main__":
    sys.exit(main())
