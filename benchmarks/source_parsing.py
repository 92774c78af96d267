"""How long does a source adapter take per alert, from a request's bytes to sightings?

Run: python -m benchmarks.source_parsing
"""

import gc
import json
import timeit
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.config.converter import new_converter
from gateway.intake.delivery.steps import at_once
from gateway.sources import discover

BATCH = 64
RECEIVED_AT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
BEGAN_AT = RECEIVED_AT - timedelta(minutes=20)
ZERO = "0001-01-01T00:00:00Z"

MAPPING = {
    "status": {"path": "event.status", "map": {"PROBLEM": "firing", "OK": "resolved"}},
    "severity": {"path": "event.severity", "map": {"Disaster": "critical"}, "default": "medium"},
    "starts_at": {"path": "event.ts", "as": "epoch_s"},
    "labels": {"alertname": "trigger.name", "host": "host.name", "group": "host.groups[0]"},
    "annotations": {"summary": "event.text"},
    "url": "event.link",
    "fingerprint": "event.id",
    "examples": [{"in": "{}", "out": {}}],
}


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def labels(number: int) -> dict[str, str]:
    return {
        "alertname": "ProcessorBusy",
        "cluster": "prod-7",
        "dc": "eu1",
        "instance": f"node-{number}.example.net:9100",
        "job": "node",
        "severity": "critical",
        "team": "payments",
    }


def annotations(number: int) -> dict[str, str]:
    return {
        "description": f"node-{number}.example.net has been busy for ten minutes, look at it",
        "runbook_url": "https://runbooks.example.net/processor",
        "summary": f"The processor of node-{number} is 97 % busy",
    }


LINK = "http://prometheus.example.net:9090/graph?g0.expr=node_busy+%3E+0.9&g0.tab=1"


def prometheus_alert(number: int, ends_at: datetime) -> dict[str, Any]:
    return {
        "annotations": annotations(number),
        "endsAt": text(ends_at),
        "startsAt": text(BEGAN_AT + timedelta(seconds=number)),
        "generatorURL": LINK,
        "labels": labels(number),
    }


def group_alert(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": labels(number),
        "annotations": annotations(number),
        "startsAt": text(BEGAN_AT + timedelta(seconds=number)),
        "endsAt": ZERO,
        "generatorURL": LINK,
        "fingerprint": f"{number:016x}",
        **fields,
    }


def n9e_event(number: int) -> dict[str, Any]:
    tags = {**labels(number), "rulename": "ProcessorBusy"}
    del tags["alertname"]
    return {
        "id": number,
        "hash": f"{number:032x}",
        "rule_name": "ProcessorBusy",
        "rule_note": "Look at the dashboard",
        "severity": 1,
        "tags": [f"{name}={value}" for name, value in tags.items()],
        "tags_map": tags,
        "annotations": annotations(number),
        "is_recovered": False,
        "trigger_value": "0.97",
        "trigger_time": int(RECEIVED_AT.timestamp()),
        "first_trigger_time": int(BEGAN_AT.timestamp()),
        "last_eval_time": int(RECEIVED_AT.timestamp()),
        "notify_users_obj": [{"nickname": "Anna", "email": "anna@example.net"}] * 3,
        "rule_config": {"queries": [{"prom_ql": "node_busy > 0.9", "severity": 1}]},
    }


def mapped_item(number: int) -> dict[str, Any]:
    return {
        "event": {
            "id": number,
            "status": "PROBLEM",
            "severity": "Disaster",
            "ts": int(BEGAN_AT.timestamp()),
            "text": "Ping has failed three times",
            "link": "https://monitor.example.net/events/1",
        },
        "host": {"name": f"router-{number}", "groups": ["network", "eu"]},
        "trigger": {"id": 17, "name": "Host unreachable"},
    }


def batch_of(make: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
    return [make(number) for number in range(BATCH)]


def bodies() -> list[tuple[str, str, Any]]:
    """Kind, what is special, payload."""
    ahead, behind = RECEIVED_AT + timedelta(minutes=4), RECEIVED_AT - timedelta(minutes=1)
    firing = batch_of(lambda number: prometheus_alert(number, ahead))
    group = batch_of(group_alert)
    nanoseconds = "2026-03-04T09:10:00.123456789+01:00"
    custom = batch_of(lambda n: {"labels": labels(n), "annotations": annotations(n)})
    return [
        ("prometheus", "firing", firing),
        ("prometheus", "resolved", batch_of(lambda number: prometheus_alert(number, behind))),
        ("prometheus", "one bad", [*firing[1:], {"labels": None}]),
        ("alertmanager", "firing", {"alerts": group, "version": "4"}),
        ("alertmanager", "zoned ns", {"alerts": [{**a, "startsAt": nanoseconds} for a in group]}),
        ("alertmanager", "one bad", {"alerts": [*group[1:], {"labels": None}]}),
        ("grafana", "firing", {"alerts": [{**a, "values": {"A": 1}} for a in group]}),
        ("n9e", "firing", batch_of(n9e_event)),
        ("custom", "firing", custom),
        ("mapped", "firing", batch_of(mapped_item)),
    ]


def microseconds(run: Callable[[], object], repeats: int = 7) -> float:
    """The best of several runs, per alert of a batch."""
    gc.collect()
    timer = timeit.Timer(run)
    number, _ = timer.autorange()
    return min(timer.repeat(repeats, number)) / number / BATCH * 1e6


def main() -> None:
    kinds = discover()
    print(f"batches of {BATCH}; best of 7 runs")
    print(f"{'source':<14}{'what':<12}{'bytes/alert':>12}{'µs/alert':>10}")
    for kind, what, payload in bodies():
        table = MAPPING if kind == "mapped" else {}
        parse = kinds[kind].open(new_converter(Path()).structure(table, kinds[kind].options))
        body = json.dumps(payload, separators=(",", ":")).replace("&", "\\u0026").encode()
        delivery = at_once(parse(body, RECEIVED_AT))
        assert len(delivery.sightings) + len(delivery.rejected) == BATCH
        taken = microseconds(lambda parse=parse, body=body: at_once(parse(body, RECEIVED_AT)))  # type: ignore[misc]
        print(f"{kind:<14}{what:<12}{len(body) // BATCH:>12}{taken:>10.2f}")


if __name__ == "__main__":
    main()
