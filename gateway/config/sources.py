"""`[sources.NAME]`: tables into opened sources, and the built-in ones."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from gateway.config.mistakes import known_keys, one_of
from gateway.config.problems import Place
from gateway.config.reading import Reading
from gateway.intake.delivery.checker import Source
from gateway.intake.delivery.source import SourceKind, SourceOptions

MOVED = "ignore_labels"
"""Once an option of each source."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def built_in(kinds: Mapping[str, SourceKind]) -> list[str]:
    """The sources that are there without configuration: of every kind that needs no options one,
    of its name.
    """
    return [name for name, kind in kinds.items() if not _needs_options(kind)]


def _needs_options(kind: SourceKind) -> bool:
    return any(
        option.default is option.default_factory is dataclasses.MISSING
        for option in dataclasses.fields(kind.options)
    )


def read_sources(
    reading: Reading, written: Mapping[str, Any], kinds: Mapping[str, SourceKind]
) -> dict[str, Source]:
    """By name. A source that is wrong is a problem and left out."""
    opened = {}
    for name, table in ({name: {} for name in built_in(kinds)} | dict(written)).items():
        place = ("sources", name)
        if not _NAME.fullmatch(name):
            reading.complain(
                place, "a name is 1 to 64 letters, digits, `.`, `_` and `-`: see the URL"
            )
        if source := _open(reading, place, table, kinds):
            opened[name] = source
    return opened


def _open(
    reading: Reading, place: Place, table: Any, kinds: Mapping[str, SourceKind]
) -> Source | None:
    """Its examples are run if nothing else is wrong with it."""
    if not isinstance(table, dict):
        reading.complain(place, "must be a table")
        return None
    if MOVED in table:
        reading.complain(
            (*place, MOVED),
            "is no option of a source any more, since an alert must not be another one for who"
            f" reports it: set it for all sources, as [identity] {MOVED}",
        )
        table = {key: value for key, value in table.items() if key != MOVED}
    kind = _kind(reading, place, table, kinds)
    if kind is None:
        return None
    options = reading.read(table, place, kind.options)
    if options is None or not reading.is_whole(place):
        return None
    for below, message in kind.check(options):
        reading.complain(place + below, message)
    if not reading.is_whole(place):
        return None
    signing = kind.signing(options)
    return Source(str(place[-1]), kind, kind.open(options), options.resolve_timeout, signing)


def _kind(
    reading: Reading, place: Place, table: Mapping[str, Any], kinds: Mapping[str, SourceKind]
) -> SourceKind | None:
    """None if there is no such kind: then only what every source may hold is looked at."""
    given = table.get("kind", "")
    kind = kinds.get(str(given or place[-1]))
    if kind is None:
        common = {key: table[key] for key in known_keys(SourceOptions) if key in table}
        reading.read(common, place, SourceOptions)
        blamed = f"no kind {given!r}" if given else "is required"
        reading.complain((*place, "kind"), f"{blamed}; {one_of(kinds)}")
    return kind
