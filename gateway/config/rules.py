"""`[[rules]]`: tables into rules."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from gateway.alerts.rule import DEFAULT_RULE, AutoResolve, Rule
from gateway.alerts.severity import Severity
from gateway.config.reading import Reading, Table
from matchers import Matcher, MatcherSyntaxError, parse

Level = Literal["critical", "high", "medium", "low"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTable:
    """One `[[rules]]` entry, as it is written."""

    name: str
    match: str = ""
    sources: tuple[str, ...] = ()
    window: timedelta = DEFAULT_RULE.window
    group_by: tuple[str, ...] = DEFAULT_RULE.group_by
    auto_resolve: bool | Literal["unclaimed"] = True
    priority: Level | Literal[""] = ""
    title: str = DEFAULT_RULE.title


def read_rules(reading: Reading, value: object, sources: frozenset[str]) -> tuple[Rule, ...]:
    """All rules in order; *sources* are the names there are."""
    tables = reading.tables(value, "rules")
    _check_names(reading, tables)
    rules = []
    for key, table in tables:
        written = reading.options(table, key, RuleTable)
        if written is None:
            continue
        for unknown in sorted(set(written.sources) - sources):
            reading.complain(
                f"{key}.sources", f"no source is named {unknown!r}; there are {_listed(sources)}"
            )
        matchers = _matchers(reading, written.match, key)
        if matchers is None:
            continue
        if not matchers and (key, table) != tables[-1]:
            reading.complain(
                key, "a rule without `match` takes every alert, so it may only be the last"
            )
        if "" in written.group_by:
            reading.complain(f"{key}.group_by", "a label name must not be empty")
        rules.append(_rule(written, matchers))
    return tuple(rules)


def _check_names(reading: Reading, tables: list[tuple[str, Table]]) -> None:
    count = Counter(str(table.get("name")) for _, table in tables)
    for key, table in tables:
        name = table.get("name")
        if name == "":
            reading.complain(f"{key}.name", "must not be empty")
        elif name is not None and count[str(name)] > 1:
            reading.complain(f"{key}.name", f"{name!r} names more than one rule")
        elif name == DEFAULT_RULE.name:
            reading.complain(f"{key}.name", f"{name!r} is the name of the built-in last rule")


def _matchers(reading: Reading, text: str, key: str) -> tuple[Matcher, ...] | None:
    try:
        return parse(text) if text else ()
    except MatcherSyntaxError as error:
        pointer = f"{text[: error.position]}⟨here⟩{text[error.position :]}"
        reading.complain(f"{key}.match", f"{error.reason}: {pointer}")
        return None


def _rule(written: RuleTable, matchers: tuple[Matcher, ...]) -> Rule:
    return Rule(
        name=written.name,
        matchers=matchers,
        sources=frozenset(written.sources),
        window=written.window,
        group_by=tuple(sorted(set(written.group_by))),  # another order is not another group
        auto_resolve=AutoResolve(str(written.auto_resolve).lower()),
        priority=Severity(written.priority) if written.priority else None,
        title=written.title,
    )


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
