"""Every metric of the gateway, declared once, with its meaning and unit. Prefix: `gateway_`.

With several processes, the parent calls `prepare_processes` and starts each child with the
environment it returns; `render` in any child then speaks for all. A gauge's mode says what becomes
of several processes' values. No label may hold what senders or people make up.
"""

import os
import platform
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Literal

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)
from prometheus_client.registry import Collector

from gateway import __version__

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""Of what `render` returns."""

_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_Mode = Literal["livesum", "livemin", "livemax", "livemostrecent", "max"]

_ANSWER_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_DELAY_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
_BATCH_SIGHTINGS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)
_BODY_BYTES = tuple(float(2**power) for power in range(8, 26, 2))
"""256 B to 16 MiB."""


class _Declarations:
    """Makes instruments in one registry, under our prefix."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(f"gateway_{name}", meaning, labels, registry=self._registry)

    def gauge(self, name: str, meaning: str, mode: _Mode, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(
            f"gateway_{name}", meaning, labels, registry=self._registry, multiprocess_mode=mode
        )

    def histogram(
        self, name: str, meaning: str, buckets: Sequence[float], labels: Sequence[str] = ()
    ) -> Histogram:
        return Histogram(
            f"gateway_{name}", meaning, labels, registry=self._registry, buckets=buckets
        )


class Metrics:
    """The instruments of one gateway process, in *registry*.

    *sources* and *outcomes* are the label values known from the start: their series begin at 0, so
    that the first increase is seen as one.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        sources: Collection[str] = (),
        outcomes: Collection[str] = (),
    ) -> None:
        # It would double the series of each counter and histogram. (The library leaves it untyped.)
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry
        declare = _Declarations(registry)
        self._declare_intake(declare)
        self._declare_journal(declare)
        self._declare_pipeline(declare)
        self._declare_absorber(declare)
        self._declare_ledger(declare)
        self._declare_tickets(declare)
        self._declare_workers(declare)
        self._declare_web(declare)
        self._begin_at_zero(sources, outcomes)

    def _declare_intake(self, declare: _Declarations) -> None:
        self.intake_requests_total = declare.counter(
            "intake_requests_total",
            "Intake requests answered, by source and HTTP status code.",
            ["source", "code"],
        )
        self.intake_request_duration_seconds = declare.histogram(
            "intake_request_duration_seconds",
            "Time from an intake request's headers to its answer, the fsync included.",
            _ANSWER_SECONDS,
            ["source"],
        )
        self.intake_body_bytes = declare.histogram(
            "intake_body_bytes",
            "Size of intake request bodies, decompressed.",
            _BODY_BYTES,
            ["source"],
        )
        self.alerts_received_total = declare.counter(
            "alerts_received_total",
            "Sightings taken in (answered 2xx), by source and status (firing, resolved).",
            ["source", "status"],
        )
        self.alerts_rejected_total = declare.counter(
            "alerts_rejected_total",
            "Alerts refused alone, out of a request that was taken, by source and reason.",
            ["source", "reason"],
        )
        self.alerts_truncated_total = declare.counter(
            "alerts_truncated_total",
            "Alerts that a sender says it left out of its requests, by source.",
            ["source"],
        )
        self.source_last_delivery_timestamp_seconds = declare.gauge(
            "source_last_delivery_timestamp_seconds",
            "Unix time of the source's last delivery that was answered 2xx; 0: none yet.",
            "max",
            ["source"],
        )

    def _declare_journal(self, declare: _Declarations) -> None:
        self.journal_unapplied_bytes = declare.gauge(
            "journal_unapplied_bytes",
            "Bytes of bodies in the journals that the ledger does not have yet.",
            "livesum",
        )
        self.journal_unapplied_records = declare.gauge(
            "journal_unapplied_records",
            "Requests in the journals that the ledger does not have yet.",
            "livesum",
        )
        self.journal_oldest_unapplied_timestamp_seconds = declare.gauge(
            "journal_oldest_unapplied_timestamp_seconds",
            "Unix time of receipt of the oldest request that the ledger does not have yet; "
            "+Inf: there is none.",
            "livemin",
        )
        self.journal_writable = declare.gauge(
            "journal_writable",
            "1 while every process can append to its journal, else 0.",
            "livemin",
        )

    def _declare_pipeline(self, declare: _Declarations) -> None:
        self.pipeline_batch_sightings = declare.histogram(
            "pipeline_batch_sightings", "Sightings of a pipeline batch.", _BATCH_SIGHTINGS
        )
        self.pipeline_batch_duration_seconds = declare.histogram(
            "pipeline_batch_duration_seconds",
            "Time a pipeline batch takes from its closing to its commit.",
            _ANSWER_SECONDS,
        )
        self.pipeline_delay_seconds = declare.histogram(
            "pipeline_delay_seconds",
            "Time from a request's answer to the commit of its alerts in the ledger.",
            _DELAY_SECONDS,
        )
        self.pipeline_progress_timestamp_seconds = declare.gauge(
            "pipeline_progress_timestamp_seconds",
            "Unix time when the pipeline that is furthest behind last took something to the ledger "
            "or found nothing to take; a minute ago or more: it makes no progress.",
            "livemin",
        )
        self.identity_cache_misses_total = declare.counter(
            "identity_cache_misses_total",
            "Sightings whose labels had to be decoded; the bytes of all others were known.",
        )
        self.identity_cache_bytes = declare.gauge(
            "identity_cache_bytes", "Memory the identity caches hold, by estimate.", "livesum"
        )
        self.alert_outcomes_total = declare.counter(
            "alert_outcomes_total",
            "Sightings the ledger has, by what became of them.",
            ["outcome"],
        )

    def _declare_absorber(self, declare: _Declarations) -> None:
        self.sightings_held_total = declare.counter(
            "sightings_held_total",
            "Repeats held back in Redis: counted there, and in the ledger after a while.",
        )
        self.redis_available = declare.gauge(
            "redis_available",
            "1 while Redis answers every process, or none is configured, else 0: the ledger then "
            "counts every repeat itself.",
            "livemin",
        )

    def _declare_ledger(self, declare: _Declarations) -> None:
        self.ledger_retries_total = declare.counter(
            "ledger_retries_total",
            "Ledger transactions tried again, by reason (an SQLSTATE's meaning).",
            ["reason"],
        )
        self.ledger_available = declare.gauge(
            "ledger_available",
            "1 while the ledger (PostgreSQL) answers every process, else 0.",
            "livemin",
        )
        self.ledger_last_commit_timestamp_seconds = declare.gauge(
            "ledger_last_commit_timestamp_seconds",
            "Unix time of the last batch committed to the ledger; 0: none yet.",
            "max",
        )
        self.dead_letters_total = declare.counter(
            "dead_letters_total",
            "Alerts kept raw because they could not become part of the ledger, by reason.",
            ["reason"],
        )

    def _declare_tickets(self, declare: _Declarations) -> None:
        self.tickets_opened_total = declare.counter(
            "tickets_opened_total", "Tickets opened, by alerts and by people."
        )
        self.tickets_reopened_total = declare.counter(
            "tickets_reopened_total", "Tickets reopened, by alerts and by people."
        )
        self.tickets_resolved_total = declare.counter(
            "tickets_resolved_total", "Tickets resolved, by whom (system, person).", ["by"]
        )
        self.tickets_live = declare.gauge(
            "tickets_live",
            "Tickets that are open, in progress or pending, by priority.",
            "livemostrecent",
            ["priority"],
        )
        self.tickets_stranded = declare.gauge(
            "tickets_stranded",
            "Live tickets in a state that their workflow has not, by workflow.",
            "livemostrecent",
            ["workflow"],
        )
        self.alerts_firing = declare.gauge(
            "alerts_firing", "Alerts that fire, silenced ones included.", "livemostrecent"
        )
        self.declarations_differ = declare.gauge(
            "declarations_differ",
            "Tenants in which something else is declared than this process's configuration says.",
            "livemostrecent",
        )
        self.silences = declare.gauge(
            "silences",
            "Silences, by state (active, pending, expired).",
            "livemostrecent",
            ["state"],
        )

    def _declare_workers(self, declare: _Declarations) -> None:
        self.outbox_messages_total = declare.counter(
            "outbox_messages_total",
            "Tries to deliver a message, by result: delivered, postponed (tried again later), "
            "refused (by the receiver), exhausted (the last try failed).",
            ["result"],
        )
        self.outbox_pending = declare.gauge(
            "outbox_pending",
            "Messages neither delivered nor given up.",
            "livemostrecent",
        )
        self.worker_turns_total = declare.counter(
            "worker_turns_total", "Turns of background workers, failed ones included.", ["worker"]
        )
        self.worker_failures_total = declare.counter(
            "worker_failures_total",
            "Turns of background workers that ended in a bug; each is in the log.",
            ["worker"],
        )

    def _declare_web(self, declare: _Declarations) -> None:
        self.http_requests_total = declare.counter(
            "http_requests_total",
            "Requests answered, by route template, method and HTTP status code.",
            ["route", "method", "code"],
        )
        self.http_request_duration_seconds = declare.histogram(
            "http_request_duration_seconds",
            "Time from a request's headers to its answer, by route template.",
            _ANSWER_SECONDS,
            ["route"],
        )
        self.authentication_failures_total = declare.counter(
            "authentication_failures_total", "Requests refused for a missing or wrong credential."
        )
        self.build_info = declare.gauge(
            "build_info",
            "Always 1; the labels say what runs.",
            "livemax",
            ["version", "python"],
        )

    def _begin_at_zero(self, sources: Collection[str], outcomes: Collection[str]) -> None:
        known: Mapping[Counter | Histogram | Gauge, Sequence[Collection[str]]] = {
            self.intake_requests_total: (sources, ("200",)),
            self.intake_request_duration_seconds: (sources,),
            self.intake_body_bytes: (sources,),
            self.alerts_received_total: (sources, ("firing", "resolved")),
            self.source_last_delivery_timestamp_seconds: (sources,),
            self.alert_outcomes_total: (outcomes,),
            self.tickets_resolved_total: (("system", "person"),),
            self.outbox_messages_total: (("delivered", "postponed", "refused", "exhausted"),),
        }
        for instrument, values in known.items():
            for combination in product(*values):
                instrument.labels(*combination)
        self.journal_oldest_unapplied_timestamp_seconds.set(float("inf"))
        self.journal_writable.set(1)
        self.ledger_available.set(1)
        self.redis_available.set(1)
        self.build_info.labels(__version__, platform.python_version()).set(1)


def render(metrics: Metrics) -> bytes:
    """All metrics as text, of all processes where there are several. Content type: CONTENT_TYPE."""
    registry = metrics.registry
    if _DIRECTORY in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    of_the_system = CollectorRegistry()
    of_the_system.register(_Processes())
    return generate_latest(registry) + generate_latest(of_the_system)


class _Processes(Collector):
    """`process_*` as the client library tells them, summed over all processes.

    Of their starts and limits the least counts. What a dead process had used is gone with it, which
    looks to Prometheus like the restart that it is.
    """

    def collect(self) -> list[Metric]:
        summed: dict[str, Metric] = {}
        for pid in _living():
            for family in ProcessCollector(pid=partial(str, pid), registry=None).collect():
                before = summed.setdefault(family.name, family)
                if before is not family:
                    one, other = before.samples[0], family.samples[0]
                    least = family.name in ("process_start_time_seconds", "process_max_fds")
                    values = (one.value, other.value)
                    before.samples = [one._replace(value=min(values) if least else sum(values))]
        return list(summed.values())


def _living() -> list[str]:
    """Ids of the processes for which `render` speaks."""
    if _DIRECTORY not in os.environ:
        return ["self"]
    files = Path(os.environ[_DIRECTORY]).glob("gauge_livesum_*.db")
    return sorted(file.stem.rpartition("_")[2] for file in files)


def prepare_processes(directory: Path) -> dict[str, str]:
    """Empty *directory* of an earlier run's values.

    Returns what to add to each child's environment. The client library reads that when it is
    imported: a child must be a new program, not a fork. The parent itself makes no `Metrics`.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left_over in directory.glob("*.db"):
        left_over.unlink()
    return {_DIRECTORY: str(directory)}


def mark_process_dead(directory: Path, pid: int) -> None:
    """Forget the live gauges of a child that has ended; its counters still count."""
    multiprocess.mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]
