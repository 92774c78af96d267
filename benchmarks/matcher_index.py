"""How long a label set takes to find its lists: run `python -m benchmarks.matcher_index`.

Prints, per number and kind of lists, the time to parse them and to build the index, the memory it
took, and microseconds per match: of label sets seen for the first time (cold: RE2 makes the states
it needs), and of the same again: those that some list matches (hit), and those that none does,
though they share alert name, cluster, severity and team with many (miss).
"""

import platform
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from matchers import Matcher, MatcherIndex, parse

Labels = dict[str, str]

COUNTS = (0, 100, 10_000, 100_000)
LABEL_SETS = 2_000
TEAMS, CLUSTERS, SEVERITIES = 40, 12, ("critical", "high", "warning", "info")


def label_set(number: int, dice: random.Random) -> Labels:
    """Eight labels as Kubernetes and Prometheus give them."""
    app = number % 500
    return {
        "alertname": f"Alert{number % 300}",
        "cluster": f"eu-{number % CLUSTERS}",
        "instance": f"node-{number:06d}.eu.example.com:9100",
        "job": f"app-{app}",
        "namespace": f"ns-{app % 97}",
        "pod": f"app-{app}-{dice.randrange(16**8):08x}-{number:06d}",
        "severity": SEVERITIES[number % len(SEVERITIES)],
        "team": f"team-{number % TEAMS}",
    }


def near_miss(number: int, dice: random.Random) -> Labels:
    """A label set that resembles the others and that no list matches."""
    labels = label_set(900_000 + number, dice)
    for name in ("job", "namespace", "pod"):
        labels[name] = f"canary-{labels[name]}"
    return labels


def equality_list(number: int, dice: random.Random) -> str:
    """Silences as acknowledging an alert, or a node under maintenance, makes them."""
    labels = label_set(number * 7, dice)
    chosen = dice.choice(
        (
            ("alertname", "instance", "severity"),
            ("instance",),
            ("alertname", "cluster", "namespace", "team"),
            ("alertname", "job", "cluster"),
        )
    )
    return ", ".join(f'{name}="{labels[name]}"' for name in chosen)


def regex_list(number: int, dice: random.Random) -> str:
    """Silences as people type them; half have no equality at all."""
    node = f"{number * 7:06d}"
    return dice.choice(
        (
            f'instance=~"node-{node}.*"',
            f'instance=~"node-{node}\\\\.eu\\\\..+", severity!="critical"',
            f'pod=~"app-{number % 500}-.*-{node}"',
            f'instance=~".*-{node[:5]}[0-4].*", team=~"team-{number % TEAMS}|sre"',
            f'alertname="Alert{number % 300}", instance=~"node-{node[:4]}.*"',
            f'team="team-{number % TEAMS}", pod=~"app.*{node}", severity=~"warning|info"',
            f'cluster="eu-{number % CLUSTERS}", job=~"app-{number % 500}|app-x{number}"',
        )
    )


def mixed_list(number: int, dice: random.Random) -> str:
    """70 % equality, 30 % regular expressions."""
    return (regex_list if dice.random() < 0.3 else equality_list)(number, dice)


KINDS: Mapping[str, Callable[[int, random.Random], str]] = {
    "equality": equality_list,
    "regex": regex_list,
    "mixed": mixed_list,
}


def found_by_trial(lists: Mapping[int, tuple[Matcher, ...]], labels: Labels) -> list[int]:
    """What the index must find."""
    return [key for key, each in lists.items() if all(matcher.matches(labels) for matcher in each)]


def microseconds_each(index: MatcherIndex[int], label_sets: list[Labels]) -> float:
    """Mean time of one match."""
    begun = time.perf_counter()
    for labels in label_sets:
        index.match(labels)
    return (time.perf_counter() - begun) / max(len(label_sets), 1) * 1e6


def measure(kind: str, count: int) -> str:
    """One line of the table."""
    dice = random.Random(count)
    texts = [KINDS[kind](number, dice) for number in range(count)]
    begun = time.perf_counter()
    lists = {number: parse(text) for number, text in enumerate(texts)}
    parsed_seconds = time.perf_counter() - begun
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    index = MatcherIndex(lists)
    built_seconds = time.perf_counter() - begun

    known = [label_set(number * 7, dice) for number in range(LABEL_SETS)]
    other = [near_miss(number, dice) for number in range(LABEL_SETS)]
    trial = (known + other)[:: max(1, 2 * LABEL_SETS * count // 100_000)]
    assert all(index.match(labels) == found_by_trial(lists, labels) for labels in trial)
    cold = microseconds_each(MatcherIndex(lists), known + other)
    hits = [labels for labels in known + other if index.match(labels)]
    misses = [labels for labels in known + other if not index.match(labels)]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return (
        f"{count:>7} {kind:<9} {parsed_seconds * 1e3:>8.0f} {built_seconds * 1e3:>8.0f} "
        f"{grown >> 10:>6} {len(hits) / (2 * LABEL_SETS):>6.0%} {cold:>8.1f} "
        f"{microseconds_each(index, hits):>8.1f} {microseconds_each(index, misses):>8.1f}"
    )


def main() -> None:
    """Measure each combination in a process of its own, so that memory can be compared."""
    if len(sys.argv) == 3:
        print(measure(sys.argv[1], int(sys.argv[2])), flush=True)
        return
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}")
    print("  lists kind      parse ms build ms    MiB  hits  cold µs   hit µs  miss µs", flush=True)
    for kind in KINDS:
        for count in COUNTS:
            subprocess.run([sys.executable, "-m", __spec__.name, kind, str(count)], check=True)


if __name__ == "__main__":
    main()
