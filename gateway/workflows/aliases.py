"""Other spellings that a declaration may use: `displayName`, `OPEN`, `P0`, `fault`."""

import re
from collections.abc import Mapping

from gateway.alerts.severity import Severity
from gateway.tickets.ticket import TicketStatus
from matchers import Matcher, Operator

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PRIORITIES = dict(zip(("p0", "p1", "p2", "p3"), Severity, strict=True))
_TYPES = {"fault": "incident"}


def canonical_keys(table: Mapping[str, object]) -> Mapping[str, object]:
    """`displayName` as `display_name`."""
    return {_CAMEL.sub("_", str(key)).lower(): value for key, value in table.items()}


def canonical_state(name: str) -> str:
    """`OPEN` as `open`: of the six statuses only, other names are as they are written."""
    return name.lower() if name.lower() in tuple(TicketStatus) else name


def canonical_type(name: str) -> str:
    """`Fault` as `incident`."""
    return _TYPES.get(name.lower(), name.lower())


def canonical_value(matcher: Matcher) -> Matcher:
    """`priority="P0"` as `priority="critical"`, and `status="OPEN"` as `status="open"`."""
    if matcher.op not in (Operator.EQUAL, Operator.NOT_EQUAL):
        return matcher
    match matcher.name:
        case "priority":
            lower = matcher.value.lower()
            return Matcher(matcher.name, matcher.op, _PRIORITIES.get(lower, lower))
        case "status" | "state":
            return Matcher(matcher.name, matcher.op, canonical_state(matcher.value))
    return matcher
