"""A rule: which alerts it is for, and how they are merged into tickets. The first match wins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from gateway.alerts.opening import Level, TicketType
from gateway.alerts.severity import Severity
from matchers import Matcher


class AutoResolve(StrEnum):
    """May the system resolve a ticket none of whose alerts fires?"""

    ALWAYS = "true"
    NEVER = "false"
    UNCLAIMED = "unclaimed"
    """Only while nobody has taken it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[rules]]` entry. No *matchers*, no *sources*: all; no *group_by*: one ticket each."""

    name: str
    matchers: tuple[Matcher, ...] = ()
    sources: frozenset[str] = frozenset()
    window: timedelta = timedelta(minutes=30)
    group_by: tuple[str, ...] = ()
    auto_resolve: AutoResolve = AutoResolve.ALWAYS
    priority: Severity | None = None
    """None: by the matrix, from the alert's severity."""
    title: str = ""
    """Template with `{label}` places; empty: the summary, else alertname and instance."""
    type: TicketType = TicketType.INCIDENT
    impact: Level | None = None
    """None: medium."""
    urgency: Level | None = None
    project: str = ""
    group: str = ""
    """Its tickets are assigned to it."""
    workflow: str = ""
    """Empty: the one that there is for the type."""
    asset_labels: tuple[str, ...] = ()
    """Labels that name assets: a new ticket refers to these."""

    def matches(self, source: str, labels: Mapping[str, str]) -> bool:
        """Does this rule take an alert of *source* with *labels*?"""
        if self.sources and source not in self.sources:
            return False
        return all(matcher.matches(labels) for matcher in self.matchers)


DEFAULT_RULE = Rule(name="default")
"""For alerts that no configured rule takes."""


def first_match(rules: Sequence[Rule], source: str, labels: Mapping[str, str]) -> Rule:
    """The first rule that takes the alert, else DEFAULT_RULE."""
    for rule in rules:
        if rule.matches(source, labels):
            return rule
    return DEFAULT_RULE
