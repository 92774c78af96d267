"""A configuration is all of it or nothing; what is not said has a default."""

from datetime import timedelta
from pathlib import Path

from gateway.alerts.opening import Level, TicketType
from gateway.alerts.rule import AutoResolve
from gateway.alerts.severity import DEFAULT_WORDS, Severity
from gateway.config import load
from gateway.web.http.options import ListenAddress
from matchers import parse
from tests.config.writer import Writer


def test_without_a_file_everything_has_a_default(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(None)
    assert config.data_dir == tmp_path / "data"
    assert config.http.listen == ListenAddress("127.0.0.1", 9096)
    assert config.rules == ()
    assert config.webhooks == ()
    assert config.severity == DEFAULT_WORDS
    assert config.secrets == ()


def test_an_empty_file_says_the_same_as_no_file(written: Writer, monkeypatch) -> None:
    monkeypatch.chdir(written.path.parent)
    assert written.load("") == load(None)


def test_every_kind_that_needs_no_options_is_a_source_without_configuration() -> None:
    config = load(None)
    assert {"alertmanager", "grafana", "n9e", "prometheus", "custom"} <= set(config.sources)
    assert "mapped" not in config.sources
    assert all(source.kind.kind == name for name, source in config.sources.items())


def test_every_value_arrives_where_it_belongs(written: Writer) -> None:
    config = written.load(
        """
        data_dir = "state"
        [http]
        listen = "[::1]:80"
        workers = 4
        body_timeout = "1m30s"
        [silences]
        max_duration = "7d"
        [logs]
        level = "debug"
        [postgres]
        migrate = false
        [severity]
        Sev1 = "critical"
        warning = "high"
        [identity]
        ignore_labels = ["replica", "prometheus"]
        match = '{team=~"db|web"}'
        [sources.alertmanager]
        resolve_timeout = "5m"
        """
    )
    assert config.data_dir == written.path.parent / "state"
    assert config.http.listen == ListenAddress("::1", 80)
    assert config.http.workers == 4
    assert config.http.body_timeout == timedelta(seconds=90)
    assert config.silences.max_duration == timedelta(days=7)
    assert config.logs.level == "debug"
    assert config.postgres.migrate is False
    assert config.severity["sev1"] is Severity.CRITICAL
    assert config.severity["warning"] is Severity.HIGH
    ignored = config.identity.ignored
    assert ignored.names == {"replica", "prometheus"}
    assert ignored.matchers == parse('{team=~"db|web"}')
    assert config.sources["alertmanager"].resolve_timeout == timedelta(minutes=5)


def test_rules_keep_their_order_and_their_meaning(written: Writer) -> None:
    first, second, last = written.load(
        """
        [[rules]]
        name = "payments"
        match = '{team="payments", severity=~"critical|high"}'
        sources = ["alertmanager", "mine"]
        window = "10m"
        group_by = ["service", "cluster", "service"]
        auto_resolve = "unclaimed"
        priority = "high"
        title = "{alertname}"
        type = "problem"
        impact = "high"
        urgency = "low"
        project = "OPS"
        group = "db"
        workflow = "quick"
        [[rules]]
        name = "by hand"
        match = "team=ops"
        auto_resolve = false
        [[rules]]
        name = "rest"
        auto_resolve = true
        [sources.mine]
        kind = "custom"
        """
    ).rules
    assert first.matchers == parse('{team="payments", severity=~"critical|high"}')
    assert first.sources == {"alertmanager", "mine"}
    assert first.window == timedelta(minutes=10)
    assert first.group_by == ("cluster", "service")
    assert first.auto_resolve is AutoResolve.UNCLAIMED
    assert first.priority is Severity.HIGH
    assert first.title == "{alertname}"
    assert (first.type, first.impact, first.urgency) == (TicketType.PROBLEM, Level.HIGH, Level.LOW)
    assert (first.project, first.group, first.workflow) == ("OPS", "db", "quick")
    assert (last.type, last.impact, last.urgency) == (TicketType.INCIDENT, None, None)
    assert second.auto_resolve is AutoResolve.NEVER
    assert last.auto_resolve is AutoResolve.ALWAYS
    assert last.matchers == ()


def test_tickets_are_closed_after_a_while_or_never(written: Writer) -> None:
    assert written.load("").tickets.closing == timedelta(hours=72)
    assert written.load('[tickets]\nclose_after = "1h"').tickets.closing == timedelta(hours=1)
    assert written.load('[tickets]\nclose_after = "never"').tickets.closing is None
    assert "duration" in written.problem('[tickets]\nclose_after = "soon"').message


def test_a_webhook_is_named_by_its_host_and_hears_all(written: Writer) -> None:
    [hook] = written.load('[[webhooks]]\nurl = "http://127.0.0.1:8080/x?token=s3cret"').webhooks
    assert hook.name == "127.0.0.1:8080"
    assert hook.wants("ticket.created")
