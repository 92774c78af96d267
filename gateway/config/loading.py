"""The configuration file into a Config: whole, or every problem in it."""

from collections import Counter
from pathlib import Path
from typing import Any

from gateway.alerts.severity import DEFAULT_WORDS, Severity
from gateway.config.declared import DECLARED_KEYS, read_declared
from gateway.config.document import Document, read_document, with_null
from gateway.config.mistakes import unknown_key
from gateway.config.options import SECTIONS, Config
from gateway.config.problems import ConfigError
from gateway.config.reading import Reading
from gateway.config.rules import read_rules
from gateway.config.sources import built_in, read_sources
from gateway.sinks.webhook import WebhookOptions
from gateway.sources import discover
from gateway.storage.journal.journal import JournalOptions
from gateway.web.http.gate.options import AuthOptions
from gateway.web.http.options import WebOptions

DEFAULT_DATA_DIR = "data"

KEYS = ("data_dir", *SECTIONS, "rules", "sources", "webhooks", "severity", *DECLARED_KEYS)
"""All keys of the top level."""


def load(path: Path | None) -> Config:
    """The configuration in *path*, or the defaults; raises ConfigError with every problem.

    Relative paths in it start at the file's directory, without a file at the working directory.
    """
    document, places = read_document(path)
    directory = path.resolve().parent if path else Path.cwd()
    reading = Reading(places, directory)
    config = _read(reading, document)
    if config is None or reading.problems:
        raise ConfigError(path, reading.problems)
    return config


def _read(reading: Reading, document: Document) -> Config | None:
    """None, or with problems noted, if anything is wrong."""
    for place in with_null(document):
        reading.complain(
            place, "holds the character U+0000, which PostgreSQL cannot store: take it out"
        )
    for key in document.keys() - set(KEYS):
        reading.complain((key,), unknown_key(key, KEYS))
    sections: dict[str, Any] = {
        key: reading.read(document.get(key, {}), (key,), SECTIONS[key]) for key in SECTIONS
    }
    _check_together(reading, sections["http"], sections["auth"])
    _check_journal(reading, sections["journal"])
    kinds = discover()
    written = reading.read(document.get("sources", {}), ("sources",), dict[str, Any]) or {}
    gathered: dict[str, Any] = {
        "data_dir": reading.read(document.get("data_dir", DEFAULT_DATA_DIR), ("data_dir",), Path),
        "rules": read_rules(reading, document.get("rules", []), {*built_in(kinds), *written}),
        "sources": read_sources(reading, written, kinds),
        "webhooks": _webhooks(reading, document.get("webhooks", [])),
        "severity": _severity(reading, document.get("severity", {})),
        "declared": read_declared(reading, document),
    }
    return None if reading.problems else Config(**gathered, **sections)


def _webhooks(reading: Reading, value: object) -> tuple[WebhookOptions, ...]:
    hooks = []
    names: Counter[str] = Counter()
    for place, table in reading.tables(value, "webhooks"):
        hook = reading.read(table, place, WebhookOptions)
        if hook is None:
            continue
        names[hook.name] += 1
        if names[hook.name] > 1:
            reading.complain(
                (*place, "name"), f"{hook.name!r} names more than one webhook: give each a `name`"
            )
        hooks.append(hook)
    return tuple(hooks)


def _severity(reading: Reading, value: object) -> dict[str, Severity]:
    words = reading.read(value, ("severity",), dict[str, Severity]) or {}
    told: dict[str, Severity] = {}
    for word, level in words.items():
        if told.setdefault(word.strip().lower(), level) is not level:
            reading.complain(
                ("severity", word), "is said twice: words are compared without regard to case"
            )
    return {**DEFAULT_WORDS, **told}


def _check_together(reading: Reading, http: WebOptions | None, auth: AuthOptions | None) -> None:
    """What is wrong only in combination."""
    if http is None or auth is None:
        return
    if reading.is_whole(("auth",)):
        _check_auth(reading, http, auth)
    bounds = (("http", "max_bytes_in_flight"), ("http", "max_body_bytes"))
    if http.max_bytes_in_flight < http.max_body_bytes and all(map(reading.is_whole, bounds)):
        reading.complain(bounds[0], "must not be less than max_body_bytes, or none of it fits")


def _check_auth(reading: Reading, http: WebOptions, auth: AuthOptions) -> None:
    if auth.mode == "loopback" and auth.token:
        reading.complain(
            ("auth", "mode"),
            'asks nobody for the token: set "required", or leave the token out',
        )
    elif not auth.required and not http.listen.is_loopback:
        reading.complain(
            ("http", "listen"),
            f"{http.listen} can be reached from other machines, and without a token everybody there"
            " would be an administrator: set [auth] token_file, or listen on 127.0.0.1; or set"
            ' [auth] mode = "required" and make tokens',
        )


def _check_journal(reading: Reading, journal: JournalOptions | None) -> None:
    bounds = (("journal", "max_bytes"), ("journal", "segment_bytes"))
    if journal is None or not all(map(reading.is_whole, bounds)):
        return
    if journal.max_bytes < journal.segment_bytes:
        reading.complain(
            bounds[0],
            f"must not be less than segment_bytes ({journal.segment_bytes}): room is given back in"
            " such pieces",
        )
