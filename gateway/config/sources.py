"""`[sources.NAME]`: tables into opened sources, and the built-in ones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from gateway.alerts.identity import SourceIdentity
from gateway.config.problems import Problem
from gateway.config.reading import Reading, Table, known_keys
from gateway.intake.checked import Source
from gateway.intake.source import SourceKind
from gateway.sources.mapped import check_examples

BUILT_IN = ("alertmanager", "grafana", "n9e", "prometheus", "custom")
"""There without configuration, each of the kind of its name."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """What every `[sources.NAME]` may hold; the other keys are the kind's own."""

    kind: str = ""
    """Empty: the name, if that is a kind."""
    ignore_labels: tuple[str, ...] = ()
    resolve_timeout: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A source, and the options that its kind was opened with."""

    source: Source
    options: Table


def read_sources(
    reading: Reading, written: Table, kinds: Mapping[str, SourceKind]
) -> dict[str, Opened]:
    """By name. A source that is wrong is a problem and left out."""
    opened = {}
    for name, content in ({name: {} for name in BUILT_IN} | dict(written)).items():
        key = f"sources.{name}"
        if not _NAME.fullmatch(name):
            reading.complain(
                key, "a name is 1 to 64 letters, digits, `.`, `_` and `-`: see the URL"
            )
        elif not isinstance(content, dict):
            reading.complain(key, f"must be a table, written [{key}]")
        elif source := _open(reading, name, content, kinds):
            opened[name] = source
    return opened


def _open(
    reading: Reading, name: str, table: Table, kinds: Mapping[str, SourceKind]
) -> Opened | None:
    key = f"sources.{name}"
    common = known_keys(SourceTable)
    written = reading.options({k: v for k, v in table.items() if k in common}, key, SourceTable)
    if written is None:
        return None
    kind = kinds.get(written.kind or name)
    if kind is None:
        known = ", ".join(sorted(kinds))
        blamed = f"no kind {written.kind!r}" if written.kind else "is required"
        reading.complain(f"{key}.kind", f"{blamed}; there are {known}")
        return None
    own = {k: v for k, v in table.items() if k not in common}
    try:
        parse = kind.open(own)
    except ValueError as error:
        reading.blame(key, error, own)
        return None
    identity = SourceIdentity(name, frozenset(written.ignore_labels))
    return Opened(Source(identity, kind, parse, written.resolve_timeout), own)


def failing_examples(sources: Mapping[str, Source], options: Mapping[str, Table]) -> list[Problem]:
    """What the `examples` of mapped sources do not give as they say; for `check-config`."""
    return [
        Problem(f"sources.{name}", text)
        for name, source in sources.items()
        if source.kind.kind == "mapped"
        for text in check_examples(options[name])
    ]
