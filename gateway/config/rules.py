"""`[[rules]]`: tables into rules."""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from gateway.alerts.opening import Level, TicketType
from gateway.alerts.rule import DEFAULT_RULE, AutoResolve, Rule
from gateway.alerts.severity import Severity
from gateway.bounds import not_empty, short
from gateway.config.mistakes import one_of
from gateway.config.problems import Place
from gateway.config.reading import Reading
from gateway.config.values import Matchers
from gateway.tickets.naming import project_key, whole_places


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTable:
    """One `[[rules]]` entry, as it is written."""

    name: Annotated[str, not_empty, short] = ""
    """Required; the default is for a rule whose other mistakes are looked for."""
    match: Matchers = ()
    sources: tuple[str, ...] = ()
    window: timedelta = DEFAULT_RULE.window
    group_by: tuple[Annotated[str, not_empty], ...] = DEFAULT_RULE.group_by
    auto_resolve: bool | Literal["unclaimed"] = True
    priority: Severity | None = DEFAULT_RULE.priority
    title: Annotated[str, whole_places] = DEFAULT_RULE.title
    type: TicketType = DEFAULT_RULE.type
    impact: Level | None = DEFAULT_RULE.impact
    urgency: Level | None = DEFAULT_RULE.urgency
    project: Annotated[str, project_key] = DEFAULT_RULE.project
    group: Annotated[str, short] = DEFAULT_RULE.group
    workflow: Annotated[str, short] = DEFAULT_RULE.workflow
    asset_labels: tuple[Annotated[str, not_empty], ...] = DEFAULT_RULE.asset_labels


def read_rules(reading: Reading, value: object, sources: Set[str]) -> tuple[Rule, ...]:
    """All rules in order; *sources* are the names there are."""
    tables = reading.tables(value, "rules")
    _check_names(reading, tables)
    rules = []
    for place, table in tables:
        written = reading.read(table, place, RuleTable)
        if written is None:
            continue
        for index, name in enumerate(written.sources):
            if name not in sources:
                reading.complain(
                    (*place, "sources", index), f"no source is named {name!r}; {one_of(sources)}"
                )
        is_last = place == tables[-1][0]
        if not is_last and _takes_all(reading, place, written):
            reading.complain(
                place,
                "a rule without `match` and `sources` takes every alert: it may only be the last",
            )
        rules.append(_rule(written))
    return tuple(rules)


def _takes_all(reading: Reading, place: Place, written: RuleTable) -> bool:
    """And does so on purpose: what should narrow it is not just wrong."""
    narrowing = ((*place, "match"), (*place, "sources"))
    return not written.match and not written.sources and all(map(reading.is_whole, narrowing))


def _check_names(reading: Reading, tables: list[tuple[Place, Any]]) -> None:
    named = [(place, table.get("name")) for place, table in tables if isinstance(table, dict)]
    count = Counter(name for _, name in named if isinstance(name, str))
    for place, name in named:
        if name is None:
            reading.complain((*place, "name"), "is required")
        elif name == DEFAULT_RULE.name:
            reading.complain(
                (*place, "name"), f"{name!r} is the name of the built-in last rule: choose another"
            )
        elif isinstance(name, str) and name and count[name] > 1:
            reading.complain(
                (*place, "name"), f"{name!r} names more than one rule: give each a name of its own"
            )


def _rule(written: RuleTable) -> Rule:
    return Rule(
        name=written.name,
        matchers=written.match,
        sources=frozenset(written.sources),
        window=written.window,
        group_by=tuple(sorted(set(written.group_by))),  # another order is not another group
        auto_resolve=AutoResolve(str(written.auto_resolve).lower()),
        priority=written.priority,
        title=written.title,
        type=written.type,
        impact=written.impact,
        urgency=written.urgency,
        project=written.project,
        group=written.group,
        workflow=written.workflow,
        asset_labels=written.asset_labels,
    )
