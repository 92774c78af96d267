"""Every option that there is, found by looking at the options classes: none is listed here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from gateway.alerts.severity import Severity
from gateway.config.declared import LISTED
from gateway.config.mistakes import key_of
from gateway.config.options import SECTIONS
from gateway.config.problems import Place
from gateway.config.rules import RuleTable
from gateway.config.values import choices_of, is_union
from gateway.intake.delivery.source import SourceOptions
from gateway.sinks.webhook import WebhookOptions
from gateway.sources import discover

ANY_NAME = "some"


@dataclass(frozen=True)
class Option:
    """One value, somewhere; arrays and tables of free names hold one element or key each."""

    place: Place
    kind: Any
    is_secret: bool = False


def every_option() -> Iterator[Option]:
    """Those of single values: not tables and arrays themselves, but what is in them."""
    tops = {
        "data_dir": Path,
        **SECTIONS,
        "rules": tuple[RuleTable, ...],
        "webhooks": tuple[WebhookOptions, ...],
        "severity": Mapping[str, Severity],
        **{key: tuple[one.table, ...] for key, one in LISTED.items() if one.table is not None},
    }
    for key, kind in tops.items():
        yield from _options((key,), kind)
    for name, source in discover().items():
        for option in _options(("sources", name), source.options):
            if option.place[2:] != ("kind",) or source.options is SourceOptions:
                yield option  # with a kind that is wrong nobody knows which options there are


def _options(place: Place, hint: Any, is_secret: bool = False) -> Iterator[Option]:
    hint = _without_extras(hint)
    if is_dataclass(hint) and place[-1] != "listen":
        for each in fields(hint):
            yield from _options((*place, key_of(each)), each.type, not each.repr)
    elif get_origin(hint) in (dict, Mapping):
        yield from _options((*place, ANY_NAME), get_args(hint)[1])
    elif get_origin(hint) is tuple and place[-1] != "match":
        yield from _options((*place, 0), get_args(hint)[0])
    else:
        yield Option(place, hint, is_secret)


def _without_extras(hint: Any) -> Any:
    """Bounds and None; of several shapes, the first."""
    if get_origin(hint) is Annotated:
        return _without_extras(get_args(hint)[0])
    if is_union(hint) and not choices_of(hint):
        return _without_extras(get_args(hint)[0])
    return hint
