"""The configuration: all of it or nothing, and every problem named with its place."""

import dataclasses
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.alerts.rule import DEFAULT_RULE, AutoResolve
from gateway.alerts.severity import DEFAULT_WORDS, Severity
from gateway.config import Config, ConfigError, Problem, failing_examples, load
from gateway.config.loading import KEYS
from gateway.config.options import SECTIONS
from gateway.config.reading import is_required, known_keys
from gateway.config.rules import RuleTable
from gateway.config.secret_files import CONTAINER_SECRETS, is_open_to_others
from gateway.config.sources import BUILT_IN, SourceTable
from gateway.intake.mapping import MappingOptions
from gateway.sinks.webhook import WebhookOptions
from gateway.sources import discover
from gateway.web.options import ListenAddress
from matchers import parse

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"


class Writer:
    """Writes configurations in a directory of their own."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "gateway.toml"

    def load(self, text: str) -> Config:
        self.path.write_text(text, encoding="utf-8")
        return load(self.path)

    def problems(self, text: str) -> list[Problem]:
        with pytest.raises(ConfigError) as caught:
            self.load(text)
        assert caught.value.problems
        return list(caught.value.problems)

    def problem(self, text: str) -> Problem:
        [problem] = self.problems(text)
        return problem

    def secret(self, name: str, content: bytes, mode: int = 0o600) -> Path:
        path = self.path.parent / name
        path.write_bytes(content)
        path.chmod(mode)
        return path


@pytest.fixture
def written(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


# ------------------------------------------------------------------------------------ defaults


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


# ------------------------------------------------------------------------------------ the example


def uncommented(text: str) -> str:
    """The example with its examples: lines that begin with `#` and no space."""
    return re.sub(r"(?m)^#(?=[\[a-z])", "", text)


def test_the_example_as_it_stands_changes_nothing(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    assert load(EXAMPLE) == load(None)


def test_the_example_with_its_examples_is_a_configuration(written: Writer) -> None:
    config = written.load(uncommented(EXAMPLE.read_text()))
    assert [rule.name for rule in config.rules] == ["payments"]
    assert set(config.sources) == {*BUILT_IN, "staging", "zabbix"}
    assert [hook.name for hook in config.webhooks] == ["chat"]
    assert config.severity["sev1"] is Severity.CRITICAL
    assert failing_examples(config.sources, config.source_options) == []


def written_keys(text: str) -> set[str]:
    """`table.key` of every key that a line of *text* begins with."""
    table, keys = "", set()
    for line in text.splitlines():
        if match := re.match(r"\[+([\w.]+)\]+", line):
            table = match[1]
        elif match := re.match(r"(\w+) =", line):
            keys.add(f"{table}.{match[1]}")
    return keys


def test_the_example_mentions_every_option_there_is() -> None:
    every = {".data_dir", "severity.sev1"}
    for section, kind in {**SECTIONS, "rules": RuleTable, "webhooks": WebhookOptions}.items():
        every |= {f"{section}.{key}" for key in known_keys(kind)}
    every.remove("webhooks.url_file")  # beside url it would be a contradiction
    every |= {f"sources.staging.{key}" for key in known_keys(SourceTable)}
    mapped = {field.encode_name for field in msgspec.structs.fields(MappingOptions)} - {"examples"}
    every |= {f"sources.zabbix.{key}" for key in mapped}
    every |= {f"sources.zabbix.examples.{key}" for key in ("in", "out")} | {"sources.zabbix.kind"}
    assert written_keys(uncommented(EXAMPLE.read_text())) == every


def test_the_example_names_every_source_kind_and_every_table() -> None:
    text = EXAMPLE.read_text()
    for name in (*KEYS, *discover()):
        assert name in text


def test_every_option_but_names_and_urls_has_a_default() -> None:
    kinds = (*SECTIONS.values(), RuleTable, SourceTable, WebhookOptions)
    required = {
        f"{kind.__name__}.{field.name}"
        for kind in kinds
        for field in dataclasses.fields(kind)
        if is_required(field)
    }
    assert required == {"RuleTable.name", "WebhookOptions.url"}


def test_a_rule_left_empty_is_the_built_in_rule(written: Writer) -> None:
    [rule] = written.load('[[rules]]\nname = "mine"').rules
    assert rule == dataclasses.replace(DEFAULT_RULE, name="mine")


def test_the_configuration_of_the_compose_file_is_one_but_for_its_secrets(written: Writer) -> None:
    text = (ROOT / "compose.config.toml").read_text()
    written.secret("token", b"secret\n")
    written.secret("url", b"postgresql://gateway:secret@postgres/gateway")
    text = text.replace("/run/secrets/gateway_token", "token")
    config = written.load(text.replace("/run/secrets/postgres_url", "url"))
    assert not config.http.listen.is_loopback


# ------------------------------------------------------------------------------------ values


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


# ------------------------------------------------------------------------------------ problems


@pytest.mark.parametrize(
    ("text", "key", "line", "says"),
    [
        ("[htpp]", "htpp", 1, "did you mean `http`?"),
        ("[http]\nlistn = 1", "http.listn", 2, "did you mean `listen`?"),
        ("[http]\nxyz = 1", "http.xyz", 2, "there are"),
        ("http = 1", "http", 1, "[http]"),
        ("data_dir = 1", "data_dir", 1, "path"),
        ('data_dir = ""', "data_dir", 1, "path"),
        ("[http]\n\nlisten = 9096", "http.listen", 3, "127.0.0.1:9096"),
        ('[http]\nlisten = "9096"', "http.listen", 2, "127.0.0.1:9096"),
        ('[http]\nworkers = "1"', "http.workers", 2, "whole number, not a text"),
        ("[http]\nworkers = 0", "http.workers", 2, "at least 1"),
        ("[http]\nworkers = true", "http.workers", 2, "not a boolean"),
        ("[http]\nworkers = 1.0", "http.workers", 2, "whole number"),
        ("[http]\nbody_timeout = 10", "http.body_timeout", 2, "duration"),
        ('[http]\nbody_timeout = "10"', "http.body_timeout", 2, "1h30m"),
        ('[http]\nbody_timeout = "0s"', "http.body_timeout", 2, "longer"),
        ("[http]\nmax_body_bytes = 200000000", "http.max_bytes_in_flight", 1, "max_body_bytes"),
        ('[logs]\nlevel = "loud"', "logs.level", 2, "'warning'"),
        ('[postgres]\nmigrate = "no"', "postgres.migrate", 2, "bool"),
        ('[postgres]\nurl = "mysql://x"', "postgres.url", 2, "postgresql://"),
        ('[redis]\nurl = "http://x"', "redis.url", 2, "redis://"),
        ('[severity]\nx = "worst"', "severity.x", 2, "critical, high, medium, low"),
        ("[severity]\nx = 1", "severity.x", 2, "critical"),
        ("rules = 1", "rules", 1, "[[rules]]"),
        ("[rules]", "rules", 1, "[[rules]]"),
        ("[[rules]]", "rules[0].name", 1, "required"),
        ('[[rules]]\nname = ""', "rules[0].name", 2, "empty"),
        ('[[rules]]\nname = "default"', "rules[0].name", 2, "built-in"),
        ('[[rules]]\nname = "a"\nmatch = "{a=b"', "rules[0].match", 3, "⟨here⟩"),
        ('[[rules]]\nname = "a"\nmatch = "a=~\\"(\\""', "rules[0].match", 3, "⟨here⟩"),
        ('[[rules]]\nname = "a"\nsources = ["x"]', "rules[0].sources", 3, "no source is named 'x'"),
        ('[[rules]]\nname = "a"\nsources = "x"', "rules[0].sources", 3, "array"),
        ('[[rules]]\nname = "a"\ngroup_by = ["a", 1]', "rules[0].group_by[1]", 3, "`str`"),
        ('[[rules]]\nname = "a"\ngroup_by = [""]', "rules[0].group_by", 3, "empty"),
        ('[[rules]]\nname = "a"\npriority = "p1"', "rules[0].priority", 3, "'critical'"),
        ('[[rules]]\nname = "a"\nauto_resolve = "no"', "rules[0].auto_resolve", 3, "'unclaimed'"),
        ('[[rules]]\nname = "a"\nwindw = "3m"', "rules[0].windw", 3, "`window`"),
        ("[sources.x]", "sources.x.kind", 1, "is required; there are alertmanager"),
        ('[sources.x]\nkind = "y"', "sources.x.kind", 2, "no kind 'y'"),
        ('[sources."a/b"]\nkind = "custom"', "sources.a/b", 1, "letters"),
        ("[sources]\nx = 1", "sources.x", 2, "table"),
        ("[sources.custom]\nnope = 1", "sources.custom.nope", 2, "`nope`"),
        ('[sources.x]\nkind = "mapped"', "sources.x", 1, "labels"),
        ('[sources.n9e]\nresolve_timeout = "x"', "sources.n9e.resolve_timeout", 2, "duration"),
        ("[[webhooks]]", "webhooks[0].url", 1, "required"),
        ('[[webhooks]]\nurl = "ftp://x"', "webhooks[0].url", 2, "http://"),
        ('[[webhooks]]\nurl = "http://x"\nevents = ["y"]', "webhooks[0].events", 3, "'y'"),
        ('[http]\nlisten = "0.0.0.0:9096"', "http.listen", 2, "token_file"),
        ('[http]\nlisten = ":9096"', "http.listen", 2, "administrator"),
        ('[auth]\ntoken = "a b"', "auth.token", 2, "spaces"),
    ],
)
def test_a_wrong_key_is_named_with_its_place_and_what_would_be_right(
    written: Writer, text: str, key: str, line: int, says: str
) -> None:
    problem = written.problem(text)
    assert (problem.key, problem.line) == (key, line)
    assert says in problem.message
    assert f"line {line}: {key}: " in str(problem)


def test_all_problems_are_told_at_once(written: Writer) -> None:
    problems = written.problems(
        """
        [http]
        listen = "nowhere"
        workers = 0
        [[rules]]
        name = "a"
        window = "x"
        [[rules]]
        name = "b"
        priority = "x"
        [nope]
        """
    )
    assert [problem.key for problem in problems] == [
        "http.listen",
        "http.workers",
        "rules[0].window",
        "rules[1].priority",
        "nope",
    ]
    assert [problem.line for problem in problems] == [3, 4, 7, 10, 11]


def test_two_of_a_name_are_both_named(written: Writer) -> None:
    rule = '[[rules]]\nname = "a"\nmatch = "x=y"\n'
    assert [p.key for p in written.problems(rule * 2)] == ["rules[0].name", "rules[1].name"]
    hook = '[[webhooks]]\nurl = "http://x"\n'
    assert written.problem(hook * 2).key == "webhooks[1].name"


@pytest.mark.parametrize("match", ["", 'match = ""', 'match = "{}"', 'sources = ["n9e"]'])
def test_a_rule_without_matchers_may_only_be_the_last(written: Writer, match: str) -> None:
    all_of_it = f'[[rules]]\nname = "all"\n{match}\n'
    some = '[[rules]]\nname = "some"\nmatch = "a=b"\n'
    assert len(written.load(some + all_of_it).rules) == 2
    assert written.problem(all_of_it + some).key == "rules[0]"


def test_what_is_not_toml_is_told_with_its_line(written: Writer) -> None:
    problem = written.problem("[http]\nlisten = \n")
    assert (problem.key, problem.line) == ("", 2)


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, written: Writer) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            load(path)
    written.path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(written.path)


def test_the_error_shows_the_file_and_every_problem(written: Writer) -> None:
    with pytest.raises(ConfigError) as caught:
        written.load("[nope]\n[nada]")
    text = str(caught.value)
    assert str(written.path) in text
    assert "line 1: nope" in text
    assert "line 2: nada" in text


def test_places_are_found_in_nested_arrays_and_not_in_texts(written: Writer) -> None:
    problems = written.problems(
        '''
        data_dir = """
        [http]
        workers = 0
        """
        [sources.x]
        kind = "mapped"
        labels = { alertname = "a" }
        [[sources.x.examples]]
        in = "{}"
        out = {}
        [[sources.x.examples]]
        in = "{}"
        out = 3
        [http]
        workers = 0
        '''
    )
    assert [(p.key, p.line) for p in problems] == [
        ("sources.x.examples[1].out", 14),
        ("http.workers", 16),
    ]


def test_examples_of_a_mapped_source_are_run_on_request(written: Writer) -> None:
    config = written.load(
        """
        [sources.x]
        kind = "mapped"
        labels = { alertname = "a" }
        examples = [{ in = '{"a": "b"}', out = { labels = { alertname = "c" } } }]
        """
    )
    [problem] = failing_examples(config.sources, config.source_options)
    assert problem.key == "sources.x"
    assert "examples[0]" in problem.message


# ------------------------------------------------------------------------------------ secrets

SECRET = "s3cret"


def test_every_secret_may_stand_in_a_file_beside_the_configuration(written: Writer) -> None:
    written.secret("token", f"{SECRET}\n".encode())
    written.secret("url", f"postgresql://me:{SECRET}@db/gateway\n".encode())
    written.secret("redis", f"redis://:{SECRET}@cache".encode())
    written.secret("hook", f"https://hooks.example.org/{SECRET}".encode())
    config = written.load(
        """
        [http]
        listen = "0.0.0.0:9096"
        [auth]
        token_file = "token"
        [postgres]
        url_file = "url"
        [redis]
        url_file = "redis"
        [[webhooks]]
        url_file = "hook"
        """
    )
    assert config.auth.token == SECRET
    assert config.postgres.url == f"postgresql://me:{SECRET}@db/gateway"
    assert config.redis.url == f"redis://:{SECRET}@cache"
    assert config.webhooks[0].url == f"https://hooks.example.org/{SECRET}"
    assert SECRET not in repr(config)
    assert SECRET in config.secrets


def test_a_secret_is_given_once(written: Writer) -> None:
    path = written.secret("token", b"a")
    problem = written.problem(f'[auth]\ntoken = "b"\ntoken_file = "{path}"')
    assert problem.key == "auth.token_file"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "one line"),
        (b" \n", "one line"),
        (b"a\nb", "one line"),
        (b"\xff", "UTF-8"),
        (b"x" * 20_000, "bytes"),
    ],
)
def test_a_file_without_a_secret_is_a_problem(written: Writer, content: bytes, says: str) -> None:
    written.secret("token", content)
    problem = written.problem('[auth]\ntoken_file = "token"')
    assert problem.key == "auth.token_file"
    assert says in problem.message


def test_a_missing_secret_file_is_the_only_problem_told(written: Writer) -> None:
    problem = written.problem('[http]\nlisten = ":1"\n[auth]\ntoken_file = "nowhere"')
    assert (problem.key, problem.line) == ("auth.token_file", 4)
    assert "nowhere" in problem.message


def test_a_secret_that_every_user_can_read_is_refused(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o755)
    written = Writer(data_dir)
    path = written.secret("token", b"secret", mode=0o644)
    problem = written.problem('[auth]\ntoken_file = "token"')
    assert "chmod 600" in problem.message
    path.chmod(0o640)
    assert written.load('[auth]\ntoken_file = "token"').auth.token == "secret"


def test_a_directory_closed_to_others_protects_what_is_in_it(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o755)
    path = Writer(data_dir).secret("token", b"secret", mode=0o644)
    assert is_open_to_others(path)
    data_dir.chmod(0o700)
    assert not is_open_to_others(path)
    link = data_dir.parent / "link"
    link.symlink_to(path)
    assert not is_open_to_others(link), "what counts is where the file is"


def test_the_secrets_of_container_engines_are_taken_as_they_are() -> None:
    assert not is_open_to_others(CONTAINER_SECRETS / "gateway_token")


def test_a_problem_never_repeats_a_secret(written: Writer) -> None:
    text = f"""
        [auth]
        token = "{SECRET} {SECRET}"
        [postgres]
        url = "http://{SECRET}"
        [redis]
        url = "{SECRET}://["
        [[webhooks]]
        url = "{SECRET}"
        """
    with pytest.raises(ConfigError) as caught:
        written.load(text)
    assert SECRET not in str(caught.value)
    wrong_type = written.problem('[auth]\ntoken = ["s3cret"]')
    assert SECRET not in str(wrong_type)


# ------------------------------------------------------------------------------------ totality

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
        assert all(problem.line or problem.key == "" for problem in error.problems), text
    else:
        assert isinstance(config, Config)
