"""A week of open hours as people write it: `{mon-fri = ["08:00-17:00"], sat = ["22:00-06:00"]}`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60

Span = tuple[int, int]
"""Minutes after midnight: opens, closes. What closes past midnight closes after MINUTES_A_DAY."""

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24:00))")


def read_week(week: Mapping[str, Sequence[str]]) -> Mapping[int, Sequence[Span]]:
    """Open hours by day, 0 to 6 from Monday on, each day's sorted.

    Raises ValueError for what is no day or no time, for a day that is named twice, hours of one day
    that overlap, and a week without any open hour.
    """
    found: dict[int, Sequence[Span]] = {}
    for key, texts in week.items():
        spans = _sorted([_read_span(text) for text in texts], key)
        for day in _days(key):
            if day in found:
                raise ValueError(f"{DAYS[day]} is named twice")
            found[day] = spans
    if not any(found.values()):
        raise ValueError("has no open hour: with it nothing would ever be due")
    return found


def check_week(week: Mapping[str, Sequence[str]]) -> None:
    """As a bound of an option."""
    read_week(week)


def _days(key: str) -> Iterator[int]:
    """`mon`, or `mon-fri`; `sat-mon` goes over the end of the week."""
    first, dash, last = key.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f"{key!r} is no day: write {', '.join(DAYS)}, or two of them as mon-fri")
    start = DAYS.index(first)
    length = (DAYS.index(last) - start) % 7 if dash else 0
    return ((start + step) % 7 for step in range(length + 1))


def _read_span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} are no hours: write them as "08:00-17:00"')
    opens = int(match[1]) * 60 + int(match[2])
    closes = MINUTES_A_DAY if match[5] else int(match[3]) * 60 + int(match[4])
    if opens == closes:
        raise ValueError(f'{text!r} is over when it begins: the whole day is "00:00-24:00"')
    return opens, closes if closes > opens else closes + MINUTES_A_DAY


def _sorted(spans: Sequence[Span], key: str) -> Sequence[Span]:
    ordered = sorted(spans)
    for (_, closes), (opens, _) in pairwise(ordered):
        if opens < closes:
            raise ValueError(f"hours of {key} overlap")
    return tuple(ordered)
