"""The configuration file into a Config: whole, or every problem in it."""

import re
import tomllib
from pathlib import Path
from typing import Any

from gateway.alerts.severity import DEFAULT_WORDS, Severity
from gateway.config.options import SECTIONS, Config
from gateway.config.places import Places
from gateway.config.problems import ConfigError, Problem
from gateway.config.reading import Reading, Table
from gateway.config.rules import read_rules
from gateway.config.sources import BUILT_IN, read_sources
from gateway.sinks.webhook import WebhookOptions
from gateway.sources import discover
from gateway.tickets.change import Event

DEFAULT_DATA_DIR = "data"

KEYS = ("data_dir", *SECTIONS, "rules", "sources", "webhooks", "severity")
"""All keys of the top level."""

_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def load(path: Path | None) -> Config:
    """The configuration in *path*, or the defaults; raises ConfigError with every problem.

    Relative paths in it start at the file's directory, without a file at the working directory.
    """
    text = _text(path) if path else ""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = _LINE.search(str(error))
        problem = Problem("", f"is not TOML: {error}", int(line[1]) if line else None)
        raise ConfigError(path, [problem]) from error
    directory = path.resolve().parent if path else Path.cwd()
    reading = Reading(Places(text), directory)
    config = _read(reading, document)
    if config is None or reading.problems:
        raise ConfigError(path, reading.problems)
    return config


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(path, [Problem("", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, [Problem("", "is not UTF-8 text")]) from error


def _read(reading: Reading, document: Table) -> Config | None:
    """None, or with problems noted, if anything is wrong."""
    for key in document.keys() - set(KEYS):
        reading.unknown(key, KEYS)
    sections = _sections(reading, document)
    source_tables = reading.table(document.get("sources", {}), "sources")
    opened = read_sources(reading, source_tables, discover())
    known = frozenset(BUILT_IN) | frozenset(source_tables)
    gathered: dict[str, Any] = {
        "data_dir": _data_dir(reading, document),
        "rules": read_rules(reading, document.get("rules", []), known),
        "sources": {name: each.source for name, each in opened.items()},
        "source_options": {name: each.options for name, each in opened.items()},
        "webhooks": _webhooks(reading, document.get("webhooks", [])),
        "severity": _severity(reading, document.get("severity", {})),
    }
    if reading.problems:
        return None
    config = Config(**gathered, **sections)
    _check_together(reading, config)
    return config


def _sections(reading: Reading, document: Table) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for key, kind in SECTIONS.items():
        sections[key] = reading.options(reading.table(document.get(key, {}), key), key, kind)
    return sections


def _data_dir(reading: Reading, document: Table) -> Path:
    written = document.get("data_dir", DEFAULT_DATA_DIR)
    if not isinstance(written, str) or not written:
        reading.complain("data_dir", "must be the path of a directory")
        written = DEFAULT_DATA_DIR
    return reading.path(written)


def _webhooks(reading: Reading, value: object) -> tuple[WebhookOptions, ...]:
    hooks: dict[str, WebhookOptions] = {}
    for key, table in reading.tables(value, "webhooks"):
        hook = reading.options(table, key, WebhookOptions)
        if hook is None:
            continue
        for unknown in sorted(set(hook.events) - set(Event)):
            there = ", ".join(Event)
            reading.complain(f"{key}.events", f"no event {unknown!r}; there are {there}")
        if hook.name in hooks:
            reading.complain(
                f"{key}.name", f"{hook.name!r} names more than one webhook: give each a `name`"
            )
        hooks[hook.name] = hook
    return tuple(hooks.values())


def _severity(reading: Reading, value: object) -> dict[str, Severity]:
    words = dict(DEFAULT_WORDS)
    for word, level in reading.table(value, "severity").items():
        if level in tuple(Severity):
            words[word.strip().lower()] = Severity(level)
        else:
            reading.complain(f"severity.{word}", f"must be one of {', '.join(Severity)}")
    return words


def _check_together(reading: Reading, config: Config) -> None:
    """What is wrong only in combination."""
    http, token = config.http, config.auth.token
    if not token and not http.listen.is_loopback:
        reading.complain(
            "http.listen",
            f"{http.listen} can be reached from other machines, and without a token everybody there"
            " would be an administrator: set [auth] token_file, or listen on 127.0.0.1",
        )
    if any(character.isspace() or not character.isprintable() for character in token):
        reading.complain("auth.token", "must not contain spaces: it could not be sent as a token")
    if http.max_bytes_in_flight < http.max_body_bytes:
        reading.complain(
            "http.max_bytes_in_flight", "must not be less than max_body_bytes, or none of it fits"
        )
