"""A calendar: which hours count. Only what is declared of it; the arithmetic is elsewhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.durations import parse_duration
from gateway.sla.week import check_week

YEARS_AHEAD = 20
"""So far holidays are worked out when a calendar is declared; from the year before on."""


class Holidays(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Days on which nothing is open: a country's, those besides, and not these."""

    country: str = ""
    """As ISO 3166 writes it: `DE`; empty: of no country."""
    subdivision: str = ""
    extra: tuple[str, ...] = ()
    """Dates: `2026-12-24`."""
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")


class Calendar(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As it was written, and with *dates* as it was declared."""

    name: str
    time_zone: str
    week: Mapping[str, tuple[str, ...]]
    """See `read_week`."""
    holidays: Holidays = Holidays()
    day: str = ""
    """How long "1d" of a policy is; empty: no policy of this calendar may count in days."""
    dates: tuple[str, ...] = ()
    """All holidays, worked out once: a later release of the library changes nothing that runs."""

    def complete(self, year: int) -> "Calendar":
        """As it is declared in *year*."""
        return msgspec.structs.replace(self, dates=_dates(self.holidays, year))


def check_calendar(calendar: Calendar) -> Iterator[tuple[str, str]]:
    """The field that is wrong, and what is wrong with it."""
    checks: Sequence[tuple[str, Callable[[Any], None]]] = (
        ("time_zone", check_zone),
        ("week", check_week),
        ("holidays", check_holidays),
        ("day", check_day),
    )
    for field, check in checks:
        try:
            check(getattr(calendar, field))
        except ValueError as error:
            yield field, str(error)


def check_zone(name: str) -> None:
    """Raises ValueError for what is no time zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        raise ValueError(f'{name!r} is no time zone, such as "Europe/Berlin"') from error


def check_day(text: str) -> None:
    """Raises ValueError for what is no length of a working day; empty is none."""
    if not text:
        return
    span = parse_duration(text)
    if not 0 < span.total_seconds() <= 24 * 3600:
        raise ValueError(f'{text!r} is no length of a day: at most "24h"')


def check_date(text: str) -> None:
    """Raises ValueError for what is no date."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f'{text!r} is no date, such as "2026-12-24"') from error
    if found.isoformat() != text:
        raise ValueError(f'{text!r} must be written as "{found.isoformat()}"')


def check_holidays(given: Holidays) -> None:
    """Raises ValueError for a country, or a part of it, that nothing is known of, and no dates."""
    for text in (*given.extra, *given.except_):
        check_date(text)
    if given.subdivision and not given.country:
        raise ValueError("a subdivision needs its country")
    if given.country:
        _of_country(given.country, given.subdivision, range(2000, 2001))


def _dates(given: Holidays, year: int) -> tuple[str, ...]:
    years = range(year - 1, year + YEARS_AHEAD + 1)
    known = _of_country(given.country, given.subdivision, years) if given.country else ()
    return tuple(sorted({*known, *given.extra} - {*given.except_}))


def _of_country(country: str, subdivision: str, years: range) -> Sequence[str]:
    import holidays  # noqa: PLC0415  a sixth of a second, for those alone who name a country

    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=years)
    except NotImplementedError as error:
        where = f"{country}, {subdivision}" if subdivision else country
        raise ValueError(
            f'no holidays are known of {where}: write a country as "DE" and a part of it as "BE"'
        ) from error
    return [day.isoformat() for day in found]
