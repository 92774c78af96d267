"""Metrics: names, units and meanings; what begins at 0; and many processes speaking as one."""

import os
import platform
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.parser import text_string_to_metric_families

from gateway import __version__
from gateway.metrics import Metrics, mark_process_dead, prepare_processes, render
from tests.programs import PATIENCE_SECONDS

SOURCES = ("prometheus", "alertmanager")
OUTCOMES = ("opened", "merged")
MADE_UP_BY_OTHERS = {"fingerprint", "alertname", "ticket", "url", "instance", "user", "error"}
PLAIN_NUMBERS = {
    "silences",
    "declarations_differ",
    "tickets_live",
    "tickets_stranded",
    "alerts_firing",
    "journal_unapplied_records",
    "pipeline_batch_sightings",
}
STATES = {"journal_writable", "ledger_available", "redis_available", "outbox_pending"}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry(), SOURCES, OUTCOMES)


def families_of(text: bytes) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text.decode())}


def declared(metrics: Metrics) -> Iterator[Metric]:
    yield from metrics.registry.collect()


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"gateway_{name}", labels)


def test_every_metric_bears_our_prefix_and_says_what_it_means(metrics: Metrics) -> None:
    for metric in declared(metrics):
        assert re.fullmatch(r"gateway_[a-z][a-z_]*[a-z]", metric.name)
        assert re.fullmatch(r"[A-Z0-9].{15,}\.", metric.documentation), metric.name


def test_names_end_in_their_unit(metrics: Metrics) -> None:
    for metric in declared(metrics):
        name = metric.name.removeprefix("gateway_")
        if metric.type == "counter":
            assert not name.endswith("_total"), "the library adds it"
        elif name not in PLAIN_NUMBERS | STATES:
            assert name.endswith(("_seconds", "_bytes", "_info")), name
        if "timestamp" in name:
            assert metric.type == "gauge"
            assert name.endswith("_timestamp_seconds")
            assert metric.documentation.startswith("Unix time")


def test_the_attribute_is_the_name_without_prefix(metrics: Metrics) -> None:
    names = {
        metric.name + ("_total" if metric.type == "counter" else "") for metric in declared(metrics)
    }
    attributes = {f"gateway_{name}" for name in vars(metrics) if name != "registry"}
    assert attributes == names


def test_no_label_holds_what_others_make_up(metrics: Metrics) -> None:
    for instrument in vars(metrics).values():
        labels = set(getattr(instrument, "_labelnames", ()))
        assert not labels & MADE_UP_BY_OTHERS
        assert len(labels) <= 3


def test_the_text_form_holds_every_metric_with_its_meaning(metrics: Metrics) -> None:
    families = families_of(render(metrics))
    for metric in declared(metrics):
        assert families[metric.name].documentation == metric.documentation
        assert families[metric.name].type == metric.type


def test_counters_have_no_second_series_for_their_creation(metrics: Metrics) -> None:
    assert b"_created" not in render(metrics)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("intake_requests_total", {"source": "prometheus", "code": "200"}),
        ("intake_request_duration_seconds_count", {"source": "alertmanager"}),
        ("intake_body_bytes_count", {"source": "prometheus"}),
        ("alerts_received_total", {"source": "prometheus", "status": "firing"}),
        ("alerts_received_total", {"source": "alertmanager", "status": "resolved"}),
        ("source_last_delivery_timestamp_seconds", {"source": "prometheus"}),
        ("alert_outcomes_total", {"outcome": "opened"}),
        ("alert_outcomes_total", {"outcome": "merged"}),
        ("tickets_opened_total", {}),
        ("tickets_reopened_total", {}),
        ("tickets_resolved_total", {"by": "system"}),
        ("tickets_resolved_total", {"by": "person"}),
        ("outbox_messages_total", {"result": "delivered"}),
        ("outbox_messages_total", {"result": "postponed"}),
        ("outbox_messages_total", {"result": "refused"}),
        ("outbox_messages_total", {"result": "exhausted"}),
        ("identity_cache_misses_total", {}),
        ("authentication_failures_total", {}),
        ("journal_unapplied_bytes", {}),
        ("ledger_last_commit_timestamp_seconds", {}),
    ],
)
def test_what_is_known_begins_at_zero(metrics: Metrics, name: str, labels: dict[str, str]) -> None:
    assert value(metrics, name, **labels) == 0


def test_nothing_is_wrong_until_something_is_found_wrong(metrics: Metrics) -> None:
    assert value(metrics, "journal_writable") == 1
    assert value(metrics, "ledger_available") == 1
    assert value(metrics, "journal_oldest_unapplied_timestamp_seconds") == float("inf")


def test_what_runs_is_told(metrics: Metrics) -> None:
    labels = {"version": __version__, "python": platform.python_version()}
    assert value(metrics, "build_info", **labels) == 1


def test_answers_are_measured_from_a_millisecond_to_ten_seconds(metrics: Metrics) -> None:
    samples = metrics.intake_request_duration_seconds.labels("prometheus").collect()
    bounds = [s.labels["le"] for m in samples for s in m.samples if s.name.endswith("_bucket")]
    assert (bounds[0], bounds[-2], bounds[-1]) == ("0.001", "10.0", "+Inf")


def test_two_gateways_fit_in_one_process() -> None:
    one, other = Metrics(CollectorRegistry()), Metrics(CollectorRegistry())
    one.tickets_opened_total.inc()
    assert value(one, "tickets_opened_total") == 1
    assert value(other, "tickets_opened_total") == 0


CHILD = """
import os, sys
from prometheus_client import CollectorRegistry
from gateway.metrics import Metrics, render

number = int(sys.argv[1])
metrics = Metrics(CollectorRegistry(), ["prometheus"], ["opened"])
metrics.alerts_received_total.labels("prometheus", "firing").inc(number)
metrics.intake_request_duration_seconds.labels("prometheus").observe(0.002)
metrics.journal_unapplied_bytes.set(100 * number)
metrics.ledger_available.set(number - 1)
metrics.ledger_last_commit_timestamp_seconds.set(1000 * number)
if number == 2:
    metrics.journal_oldest_unapplied_timestamp_seconds.set(5000)
metrics.outbox_pending.set(10 * number)
print(os.getpid(), flush=True)
for line in sys.stdin:
    sys.stdout.buffer.write(render(metrics) + b"# END\\n")
    sys.stdout.flush()
"""


class Child:
    """A process with metrics of its own, which renders when asked."""

    def __init__(self, number: int, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(number)],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )
        assert self._process.stdout is not None
        self.pid = int(self._process.stdout.readline())

    def render(self) -> dict[str, Metric]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        lines = list(iter(self._process.stdout.readline, b"# END\n"))
        return families_of(b"".join(lines))

    def end(self) -> None:
        self._process.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture
def children(tmp_path: Path) -> Iterator[list[Child]]:
    environment = prepare_processes(tmp_path / "metrics")
    children = [Child(1, environment), Child(2, environment)]
    yield children
    for child in children:
        child.end()


def sample(families: dict[str, Metric], name: str, suffix: str = "") -> float:
    family = families[f"gateway_{name}"]
    values = [each.value for each in family.samples if each.name == f"{family.name}{suffix}"]
    assert len(values) == 1, family.samples
    return float(values[0])


def test_any_process_speaks_for_all(children: list[Child]) -> None:
    for child in children:
        families = child.render()
        received = families["gateway_alerts_received"].samples
        assert {s.labels["status"]: s.value for s in received} == {"firing": 3, "resolved": 0}
        assert sample(families, "intake_request_duration_seconds", "_count") == 2
        assert sample(families, "journal_unapplied_bytes") == 300
        assert sample(families, "ledger_available") == 0
        assert sample(families, "journal_oldest_unapplied_timestamp_seconds") == 5000
        assert sample(families, "ledger_last_commit_timestamp_seconds") == 2000
        assert sample(families, "outbox_pending") == 20
        assert sample(families, "build_info") == 1


def test_the_system_tells_what_all_processes_use_together(
    children: list[Child], metrics: Metrics, tmp_path: Path
) -> None:
    alone = families_of(render(metrics))
    for name in ("cpu_seconds", "resident_memory_bytes", "open_fds", "start_time_seconds"):
        assert alone[f"process_{name}"].samples[0].value > 0
    memory = [resident(child.pid) for child in children]
    together = children[0].render()["process_resident_memory_bytes"].samples[0].value
    assert max(memory) < together < 2 * sum(memory)
    children[1].end()
    mark_process_dead(tmp_path / "metrics", children[1].pid)
    left = children[0].render()["process_resident_memory_bytes"].samples[0].value
    assert left < together


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def test_of_several_processes_every_metric_keeps_its_meaning(
    children: list[Child], metrics: Metrics
) -> None:
    families = children[0].render()
    for metric in declared(metrics):
        if metric.name in families:
            assert families[metric.name].documentation == metric.documentation
            assert families[metric.name].type == metric.type


def test_a_dead_process_leaves_its_counts_and_not_its_state(
    children: list[Child], tmp_path: Path
) -> None:
    living, dead = children
    dead.end()
    mark_process_dead(tmp_path / "metrics", dead.pid)
    families = living.render()
    assert sample(families, "intake_request_duration_seconds", "_count") == 2
    assert sample(families, "journal_unapplied_bytes") == 100
    assert sample(families, "journal_oldest_unapplied_timestamp_seconds") == float("inf")
    assert sample(families, "ledger_last_commit_timestamp_seconds") == 2000


def test_values_of_an_earlier_run_are_forgotten(tmp_path: Path) -> None:
    directory = tmp_path / "metrics"
    child = Child(2, prepare_processes(directory))
    child.end()
    child = Child(1, prepare_processes(directory))
    assert sample(child.render(), "ledger_last_commit_timestamp_seconds") == 1000
    child.end()
