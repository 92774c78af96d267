"""Durations as people write them: "30m", "72h", "1h30m"; one unit each, the greatest first."""

import re
from datetime import timedelta

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_SHAPE = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _UNITS))


def parse_duration(text: str) -> timedelta:
    """Raises ValueError saying what a duration looks like; "0s" is one, "" is not."""
    match = _SHAPE.fullmatch(text)
    if not text or match is None:
        raise ValueError(
            f"{text!r} is not a duration: write numbers with the units w, d, h, m, s or ms,"
            ' the greatest first, as in "30m", "72h" or "1h30m"'
        )
    return sum(
        (_UNITS[unit] * int(number) for unit, number in match.groupdict().items() if number),
        timedelta(),
    )


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
