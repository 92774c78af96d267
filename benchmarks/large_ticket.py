"""How long does a ticket with thousands of alerts take to be read, worked on and ended?

    python -m benchmarks.large_ticket [--alerts 10000]

One rule puts all of a storm's alerts on one ticket, over HTTP. Then a person reads it, edits it,
takes it through its live statuses, ends it and takes it back, several times.
"""

import json
import statistics
import time
import urllib.request
from typing import Any

from benchmarks.chart import Bars
from benchmarks.report import Report, arguments, reporting
from benchmarks.subject import Subject, gateway

RULE = '[[rules]]\nname = "storm"\nmatch = "{team=\\"db\\"}"\ngroup_by = ["team"]\n'
AT_ONCE = 500
LIVE = [{"to": "pending", "comment": "waits"}, {"to": "in_progress"}]
ENDS = [{"to": "resolved"}, {"to": "in_progress"}]


def ask(subject: Subject, method: str, path: str, body: object = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{subject.port}{path}",
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


def storm(subject: Subject, count: int) -> str:
    """The path of the one ticket that *count* alerts are on."""
    for first in range(0, count, AT_ONCE):
        labels = [
            {"labels": {"alertname": "Disk", "team": "db", "instance": str(number)}}
            for number in range(first, min(first + AT_ONCE, count))
        ]
        ask(subject, "POST", "/api/v2/alerts", labels)
    subject.wait_until_drained()
    (ticket,) = ask(subject, "GET", "/api/v1/tickets")["items"]
    assert ticket["firing"] == count, ticket["firing"]
    return f"/api/v1/tickets/{ticket['id']}"


def milliseconds(subject: Subject, method: str, path: str, body: object = None) -> float:
    began = time.perf_counter()
    ask(subject, method, path, body)
    return 1000 * (time.perf_counter() - began)


def measure(report: Report, subject: Subject, path: str, rounds: int) -> None:
    took: dict[str, list[float]] = {}
    for number in range(rounds):
        for what, method, place, body in work(path, number):
            took.setdefault(what, []).append(milliseconds(subject, method, place, body))
    bars = []
    for what, times in took.items():
        report.row(what, statistics.median(times), max(times))
        bars.append((what, statistics.median(times), ""))
    report.chart(Bars("Milliseconds, median", bars))


def work(path: str, number: int) -> list[tuple[str, str, str, object]]:
    """What a person does in one round: its name, and the request."""
    steps = f"{path}/transitions"
    return [
        ("read the detail", "GET", path, None),
        ("read a page of alerts", "GET", f"{path}/alerts", None),
        ("edit", "PATCH", path, {"assignee": f"anna{number}"}),
        *(("step among live statuses", "POST", steps, body) for body in LIVE),
        ("resolve", "POST", steps, ENDS[0]),
        ("reopen", "POST", steps, ENDS[1]),
    ]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--alerts", type=int, default=10_000)
    chosen = parser.parse_args()
    with reporting("large_ticket", chosen) as report, gateway(RULE) as subject:
        path = storm(subject, chosen.alerts)
        ask(subject, "POST", f"{path}/transitions", LIVE[1])
        report.columns(f"a ticket with {chosen.alerts:,} alerts", "p50 ms", "worst ms")
        measure(report, subject, path, chosen.rounds)
        for to in ("resolved", "closed"):
            body = {"to": to, "comment": "so it is"}
            report.row(f"then: {to}", milliseconds(subject, "POST", f"{path}/transitions", body), 0)


if __name__ == "__main__":
    main()
