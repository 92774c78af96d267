"""Durations as people write them: "30m", "72h", "1h30m"; one unit each, the greatest first."""

import re
from datetime import timedelta

MAX_DURATION = timedelta(days=3653)
"""Ten years. Any time a person can mean, plus or minus a few of these, is a time that Python,
PostgreSQL and every timer can hold."""

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_MILLISECONDS = {unit: length // timedelta(milliseconds=1) for unit, length in _UNITS.items()}
_MOST_MILLISECONDS = MAX_DURATION // timedelta(milliseconds=1)
_SHAPE = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _UNITS))


def parse_duration(text: str) -> timedelta:
    """At most MAX_DURATION; raises ValueError saying what a duration looks like; "0s" is one."""
    match = _SHAPE.fullmatch(text)
    if not text or match is None:
        raise ValueError(
            f"{text!r} is not a duration: write numbers with the units w, d, h, m, s or ms,"
            ' the greatest first, as in "30m", "72h" or "1h30m"'
        )
    counts = {unit: int(number) for unit, number in match.groupdict().items() if number}
    if sum(count * _MILLISECONDS[unit] for unit, count in counts.items()) > _MOST_MILLISECONDS:
        raise ValueError(f"{text!r} is too long: at most {MAX_DURATION.days}d, which is ten years")
    return sum((_UNITS[unit] * count for unit, count in counts.items()), timedelta())


def format_duration(span: timedelta) -> str:
    """The text that `parse_duration` reads as *span*, which must be whole milliseconds >= 0."""
    if span < timedelta() or span % _UNITS["ms"]:
        raise ValueError(f"{span!r} cannot be written in whole milliseconds")
    if not span:
        return "0s"
    parts = []
    for unit, length in _UNITS.items():
        count, span = divmod(span, length)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)
