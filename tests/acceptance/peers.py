"""Real peers around a gateway: a Prometheus with alerts to switch, an Alertmanager, a receiver.

Their intervals are a second, so a firing alert is sent every second, each time with a lease of 4 s.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from tests.acceptance.harness import Json, logs
from tests.programs import Program, alertmanager, free_port, running

LEASE_SECONDS = 4
"""Prometheus' own arithmetic: four times the greater of rule interval and resend delay."""

RULE = "Switched"
"""Fires for each switch that is on; the alert has the switch's labels."""
FLEETING_RULE = "Fleeting"
"""The same for switches with `fleeting="yes"`; it can be taken out of the rules."""

Switch = frozenset[tuple[str, str]]


class Switches:
    """A scrape target: series whose values tests set, named by their labels."""

    def __init__(self, url: str) -> None:
        self.target = url.removeprefix("http://")
        self._values: dict[Switch, int] = {}

    def turn_on(self, **labels: str) -> None:
        self._values[frozenset(labels.items())] = 1

    def turn_off(self, **labels: str) -> None:
        self._values[frozenset(labels.items())] = 0

    def exposition(self) -> bytes:
        lines = [
            f"switch{{{','.join(f'{name}={json.dumps(value)}' for name, value in switch)}}} {value}"
            for switch, value in list(self._values.items())
        ]
        return "\n".join(["# TYPE switch gauge", *lines, ""]).encode()


@contextmanager
def switches() -> Iterator[Switches]:
    class Answer(_Quiet):
        def do_GET(self) -> None:
            self.answer(200, target.exposition(), "text/plain; version=0.0.4")

    with _serving(Answer) as url:
        target = Switches(url)
        yield target


@dataclass(slots=True)
class Receiver:
    """A webhook's receiver. While *away* it answers 503."""

    url: str = ""
    away: bool = False
    turned_away: dict[str, str] = field(default_factory=dict)
    """`webhook-id` of what came meanwhile, and the ticket that it was about."""
    heard: list[tuple[str, Json]] = field(default_factory=list)
    """`webhook-id` and body, in order."""

    def types_of(self, ticket_id: str) -> list[str]:
        """Of the messages about a ticket, in order, repeats left out."""
        seen: dict[str, str] = {}
        for message_id, body in list(self.heard):
            if body["data"]["ticket"]["id"] == ticket_id:
                seen.setdefault(message_id, body["type"])
        return list(seen.values())


@contextmanager
def receiver() -> Iterator[Receiver]:
    class Answer(_Quiet):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            message_id = self.headers["webhook-id"]
            if one.away:
                one.turned_away[message_id] = body["data"]["ticket"]["id"]
            else:
                one.heard.append((message_id, body))
            self.answer(503 if one.away else 200, b"", "text/plain")

    one = Receiver()
    with _serving(Answer) as url:
        one.url = url
        yield one


@dataclass(slots=True)
class Prometheus:
    """One that runs, and the rules it reads."""

    program: Program
    rules: Path

    def forget_fleeting_rule(self) -> None:
        """Its alerts are never heard of again: no resolve is sent for a rule that is gone."""
        _write_rules(self.rules, fleeting=False)


@contextmanager
def alerting_prometheus(
    binary: Path, directory: Path, target: Switches, receivers: list[str]
) -> Iterator[Prometheus]:
    """Sends to all *receivers*, each the address of an Alertmanager's API."""
    rules, config = directory / "rules.yml", directory / "prometheus.yml"
    _write_rules(rules, fleeting=True)
    scrape: Json = {"job_name": "switches", "static_configs": [{"targets": [target.target]}]}
    settings: Json = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [scrape],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": receivers}]}]},
    }
    config.write_text(json.dumps(settings))
    address = f"127.0.0.1:{free_port()}"
    command = [
        str(binary),
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'prometheus'}",
        f"--web.listen-address={address}",
        "--web.enable-lifecycle",
        # At a whole second every other evaluation would be a moment too early to send.
        "--rules.alert.resend-delay=500ms",
    ]
    log = directory / "prometheus.log"
    with (
        _log_shown("Prometheus", log),
        running("prometheus", command, url=f"http://{address}", log=log) as program,
    ):
        yield Prometheus(program, rules)


def _write_rules(path: Path, *, fleeting: bool) -> None:
    rules: list[Json] = [_rule(RULE, 'switch{fleeting=""}')]
    if fleeting:
        rules.append(_rule(FLEETING_RULE, 'switch{fleeting!=""}'))
    path.write_text(json.dumps({"groups": [{"name": "switches", "rules": rules}]}))


def _rule(name: str, selector: str) -> Json:
    return {
        "alert": name,
        "expr": f"sum without (instance, job) ({selector}) > 0",
        "annotations": {"summary": "{{ $labels.problem }} is switched on"},
    }


@contextmanager
def alertmanager_for(binary: Path, directory: Path, gateway_url: str) -> Iterator[Program]:
    """Passes on what has the label `via="alertmanager"`, at once and again every second."""
    hook: Json = {"url": f"{gateway_url}/api/v1/intake/alertmanager", "send_resolved": True}
    passed_on: Json = {"receiver": "gateway", "matchers": ['via="alertmanager"']}
    settings: Json = {
        "route": {
            "receiver": "nobody",
            "group_by": ["..."],
            "group_wait": "0s",
            "group_interval": "1s",
            "repeat_interval": "1s",
            "routes": [passed_on],
        },
        "receivers": [{"name": "nobody"}, {"name": "gateway", "webhook_configs": [hook]}],
    }
    config = directory / "alertmanager.yml"
    config.write_text(json.dumps(settings))
    with (
        _log_shown("Alertmanager", directory / "alertmanager.log"),
        alertmanager(binary, config, directory) as program,
    ):
        yield program


@contextmanager
def _log_shown(name: str, log: Path) -> Iterator[None]:
    logs[name] = log
    try:
        yield
    finally:
        del logs[name]


class _Quiet(BaseHTTPRequestHandler):
    """Answers a body and says nothing to the terminal."""

    protocol_version: ClassVar[str] = "HTTP/1.1"

    def answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def _serving(answer: type[_Quiet]) -> Iterator[str]:
    """A server in a thread of its own: it outlives the event loops of single tests."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), answer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
