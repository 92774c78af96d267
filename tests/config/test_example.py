"""The example shows every option with its default, and is itself a configuration."""

import dataclasses
import re
from pathlib import Path

from gateway.alerts.rule import DEFAULT_RULE
from gateway.alerts.severity import Severity
from gateway.config import load
from gateway.config.declared import LISTED
from gateway.config.loading import KEYS
from gateway.config.mistakes import known_keys
from gateway.config.options import SECTIONS
from gateway.config.rules import RuleTable
from gateway.declarations.declaration import DeclarationKind
from gateway.intake.delivery.signing import GrafanaSigningOptions, SigningOptions
from gateway.intake.delivery.source import SourceOptions
from gateway.reading.mapping import MappingOptions
from gateway.sinks.webhook import WebhookOptions
from tests.config.writer import Writer

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "config.example.toml"


def uncommented(text: str) -> str:
    """The example with its examples: lines that begin with `#` and no space, or go on with one."""
    return re.sub(r'(?m)^#(?=[\[\]a-z"]|  [{])', "", text)


def test_the_example_as_it_stands_changes_nothing(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    assert load(EXAMPLE) == load(None)


def test_the_example_with_its_examples_is_a_configuration(written: Writer) -> None:
    config = written.load(uncommented(EXAMPLE.read_text()))
    assert [rule.name for rule in config.rules] == ["payments"]
    assert set(config.sources) == {*load(None).sources, "staging", "signed", "zabbix"}
    assert [hook.name for hook in config.webhooks] == ["chat"]
    assert config.severity["sev1"] is Severity.CRITICAL
    declared = {one.declaration.kind for one in config.declared.entries}
    assert declared == set(DeclarationKind)
    assert [one.tenants for one in config.declared.entries if one.tenants] == [("acme",)]


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
    tables = {key: listed.table for key, listed in LISTED.items() if listed.table is not None}
    kinds = {**SECTIONS, "rules": RuleTable, "webhooks": WebhookOptions, **tables}
    for section, kind in kinds.items():
        every |= {f"{section}.{key}" for key in known_keys(kind)}
    every.remove("webhooks.url_file")  # beside url it would be a contradiction
    every |= {f"sources.staging.{key}" for key in known_keys(SourceOptions)}
    signed = {*known_keys(GrafanaSigningOptions)} - {*known_keys(SourceOptions)}
    every |= {f"sources.signed.{key}" for key in signed | {"kind"}}
    mapped = {*known_keys(MappingOptions)} - {*known_keys(SigningOptions), "examples"}
    every |= {f"sources.zabbix.{key}" for key in mapped}
    every |= {f"sources.zabbix.examples.{key}" for key in ("in", "out")} | {"sources.zabbix.kind"}
    found = written_keys(uncommented(EXAMPLE.read_text()))
    assert {key for key in found if key.partition(".")[0] not in ("workflows", "fields")} == every


def test_the_example_names_every_table() -> None:
    text = EXAMPLE.read_text()
    for name in KEYS:
        assert name in text


def test_the_sources_that_the_example_says_are_there_are_there() -> None:
    [said] = re.findall(r"The sources ([^.]*?) are there without", EXAMPLE.read_text(), re.S)
    named = re.findall(r"`(\w+)`", said)
    assert len(named) >= 5
    assert set(named) <= load(None).sources.keys()


def test_every_option_but_urls_has_a_default_of_its_own() -> None:
    kinds = (*SECTIONS.values(), RuleTable, SourceOptions, WebhookOptions)
    required = {
        f"{kind.__name__}.{field.name}"
        for kind in kinds
        for field in dataclasses.fields(kind)
        if field.default is field.default_factory is dataclasses.MISSING
    }
    assert required == {"WebhookOptions.url"}


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
