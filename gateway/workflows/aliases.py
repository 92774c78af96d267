"""Other spellings that a declaration may use: `displayName`, `OPEN`, `P0`, `fault`."""

import re
from collections.abc import Mapping

from gateway.tickets.priority import PriorityWord
from gateway.tickets.ticket import TicketStatus, TicketType
from matchers import Matcher, Operator

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def canonical_keys(table: Mapping[str, object]) -> Mapping[str, object]:
    """`displayName` as `display_name`."""
    return {_CAMEL.sub("_", str(key)).lower(): value for key, value in table.items()}


def canonical_state(name: str) -> str:
    """`OPEN` as `open`: of the six statuses only, other names are as they are written."""
    return name.lower() if name.lower() in tuple(TicketStatus) else name


def canonical_type(name: str) -> str:
    """`Fault` as `incident`."""
    try:
        return str(TicketType(name.upper()))
    except ValueError:
        return name.lower()


def canonical_value(matcher: Matcher) -> Matcher:
    """`priority="P0"` as `priority="critical"`, and `status="OPEN"` as `status="open"`."""
    if matcher.op not in (Operator.EQUAL, Operator.NOT_EQUAL):
        return matcher
    match matcher.name:
        case "priority":
            return Matcher(matcher.name, matcher.op, _canonical_priority(matcher.value))
        case "status" | "state":
            return Matcher(matcher.name, matcher.op, canonical_state(matcher.value))
    return matcher


def _canonical_priority(name: str) -> str:
    try:
        return str(PriorityWord(name.upper()))
    except ValueError:
        return name.lower()
