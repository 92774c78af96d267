"""A policy: what is promised, by priority. Only what is declared of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.alerts.severity import Severity
from gateway.durations import parse_duration
from gateway.sla.calendar import Calendar
from gateway.tickets.priority import PriorityWord

_SPAN = re.compile(r"(?:([0-9]{1,4})d)?((?:[0-9]+(?:h|ms|m|s))*)")


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Durations such as "30m" or "1d"; empty: nothing is promised."""

    response: str = ""
    resolution: str = ""


class Policy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As it was written, and with *hours* as it was declared."""

    name: str
    calendar: str = ""
    """Name of one; empty: every hour of every day counts."""
    pauses_in: tuple[str, ...] = ()
    """States in which clocks stand; empty: those of status pending."""
    targets: Mapping[str, Target] = {}
    """By priority."""
    hours: Calendar | None = None
    """The calendar itself: one version pins both."""


def priority_named(word: str) -> Severity:
    """Also `HIGH` and `P1`; raises ValueError."""
    try:
        return PriorityWord(word).priority
    except ValueError as error:
        raise ValueError(f"{word!r} is no priority: there are {', '.join(Severity)}") from error


def read_policy(body: Mapping[str, Any]) -> Policy:
    """Of a body; priorities by their own names."""
    policy = msgspec.convert(body, Policy)
    targets = {str(priority_named(word)): target for word, target in policy.targets.items()}
    return msgspec.structs.replace(policy, targets=targets)


def check_priority(word: str) -> None:
    """As a bound of an option; empty is none."""
    if word:
        priority_named(word)


def check_priorities(words: Mapping[str, object]) -> None:
    """Each is one, and none is said twice."""
    if len({priority_named(word) for word in words}) < len(words):
        raise ValueError("says a priority twice")


def check_target(text: str) -> None:
    """Raises ValueError for what is no duration; empty is none, and promises nothing."""
    if not text:
        return
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(
            f'{text!r} is no duration to promise, such as "30m", "8h" or "2d": days are working'
            " days, and weeks have none"
        )
    if not (int(match[1] or 0) or parse_duration(match[2] or "0s")):
        raise ValueError("must be longer than nothing")


def counts_days(text: str) -> bool:
    """Does the duration depend on how long a day is?"""
    return "d" in text


def check_policy(policy: Policy, calendars: Mapping[str, Calendar]) -> Iterator[tuple[str, str]]:
    """The field that is wrong, and what is wrong with it; *calendars*: all that there are."""
    try:
        check_priorities(policy.targets)
        for target in policy.targets.values():
            check_target(target.response)
            check_target(target.resolution)
    except ValueError as error:
        yield "targets", str(error)
    if policy.calendar:
        yield from _check_calendar(policy, calendars.get(policy.calendar), calendars)


def _check_calendar(
    policy: Policy, calendar: Calendar | None, known: Mapping[str, Calendar]
) -> Iterator[tuple[str, str]]:
    if calendar is None:
        there = f"there are {', '.join(sorted(known))}" if known else "there is none"
        yield "calendar", f"no calendar is named {policy.calendar!r}; {there}"
    elif not calendar.day and any(
        counts_days(text)
        for target in policy.targets.values()
        for text in (target.response, target.resolution)
    ):
        yield (
            "targets",
            f"counts in days, and the calendar {calendar.name!r} does not say how long one is:"
            ' give it `day`, as in "8h"',
        )
