"""A configuration is all of it or nothing; what is not said has a default."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.alerts.rule import AutoResolve
from gateway.alerts.severity import DEFAULT_WORDS, Severity
from gateway.config import Config, ConfigError, load
from gateway.config.loading import KEYS
from gateway.config.sources import BUILT_IN
from gateway.web.options import ListenAddress
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


def test_the_built_in_sources_need_no_configuration() -> None:
    config = load(None)
    assert set(config.sources) == set(BUILT_IN)
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
        [sources.alertmanager]
        ignore_labels = ["replica", "prometheus"]
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
    source = config.sources["alertmanager"]
    assert source.identity.ignore_labels == {"replica", "prometheus"}
    assert source.resolve_timeout == timedelta(minutes=5)


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
    assert second.auto_resolve is AutoResolve.NEVER
    assert last.auto_resolve is AutoResolve.ALWAYS
    assert last.matchers == ()


def test_a_webhook_is_named_by_its_host_and_hears_all(written: Writer) -> None:
    [hook] = written.load('[[webhooks]]\nurl = "http://127.0.0.1:8080/x?token=s3cret"').webhooks
    assert hook.name == "127.0.0.1:8080"
    assert hook.wants("ticket.created")


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-(10**30), 10**30), st.floats(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [*KEYS, "name", "match", "listen", "url", "token_file", "kind", "labels", "examples", "x"]
)
DOCUMENTS = st.dictionaries(
    NAMES,
    VALUES | st.dictionaries(NAMES, VALUES) | st.lists(st.dictionaries(NAMES, VALUES), max_size=2),
)


def as_toml(value: Any) -> str:
    """*value* inline; floats and integers as Python writes them are TOML."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(as_toml, value))}]"
        case dict():
            pairs = (f"{as_toml(str(key))} = {as_toml(inner)}" for key, inner in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case _:
            return str(value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DOCUMENTS)
def test_any_document_is_a_configuration_or_a_list_of_problems(
    written: Writer, document: dict[str, Any]
) -> None:
    text = "".join(f"{key} = {as_toml(value)}\n" for key, value in document.items())
    try:
        config = written.load(text)
    except ConfigError as error:
        assert error.problems, text
    else:
        assert isinstance(config, Config)
