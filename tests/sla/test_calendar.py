"""Which hours count, as people declare it. What could never work is refused."""

import pytest
from msgspec.structs import replace

from gateway.declarations.declaration import DeclarationKind
from gateway.declarations.kinds import complete, normal, plain, read
from gateway.sla.calendar import YEARS_AHEAD, Calendar, Holidays
from gateway.sla.week import read_week

WORK = {"mon-fri": ("08:00-12:00", "13:00-17:00")}


def test_a_calendar_without_opening_hours_is_refused_at_check_not_looped_over() -> None:
    for week in ({}, {"mon": ()}, {"mon-sun": ()}):
        with pytest.raises(ValueError, match="no open hour"):
            read_week(week)


def test_days_are_named_alone_or_from_one_to_another_also_over_the_end_of_the_week() -> None:
    assert sorted(read_week(WORK)) == [0, 1, 2, 3, 4]
    assert sorted(read_week({"sat-mon": ("00:00-24:00",)})) == [0, 5, 6]
    assert sorted(read_week({"sun": ("00:00-24:00",)})) == [6]


def test_hours_are_minutes_after_midnight_and_may_go_past_the_next() -> None:
    assert read_week(WORK)[0] == ((480, 720), (780, 1020))
    assert read_week({"sat": ("22:00-06:00",)})[5] == ((1320, 1800),)
    assert read_week({"mon": ("00:00-24:00",)})[0] == ((0, 1440),)


@pytest.mark.parametrize(
    ("week", "says"),
    [
        ({"mon": ("25:00-26:00",)}, "are no hours"),
        ({"mon": ("08:00-08:00",)}, "over when it begins"),
        ({"mon": ("08:00-12:00", "11:00-13:00")}, "overlap"),
        ({"mon": ("08:00-12:00",), "sun-mon": ("13:00-14:00",)}, "twice"),
        ({"monday": ("08:00-12:00",)}, "is no day"),
        ({"mon-": ("08:00-12:00",)}, "is no day"),
    ],
)
def test_what_is_no_week_is_refused(week: dict[str, tuple[str, ...]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_week(week)


def test_holidays_are_dates_of_the_country_with_those_besides_and_without_those_not() -> None:
    berlin = Calendar(
        name="berlin",
        time_zone="Europe/Berlin",
        week=WORK,
        holidays=Holidays(
            country="DE", subdivision="BE", extra=("2026-12-24",), except_=("2026-05-01",)
        ),
    )
    dates = berlin.complete(2026).dates
    assert {"2026-03-08", "2026-12-24", "2026-12-25"} <= set(dates), "the first is Berlin's own"
    assert "2026-05-01" not in dates
    assert (dates[0][:4], dates[-1][:4]) == ("2025", str(2026 + YEARS_AHEAD))
    assert list(dates) == sorted(dates)


def test_what_was_written_is_the_same_however_many_holidays_are_known() -> None:
    written = plain(Calendar(name="b", time_zone="UTC", week=WORK, holidays=Holidays(country="DE")))
    kind = DeclarationKind.CALENDAR
    declared = complete(kind, written, 2026)
    assert declared["dates"]
    assert plain(read(kind, declared)) == plain(
        replace(read(kind, declared), dates=("2030-01-01",))
    )
    assert normal(kind, declared) == normal(kind, written) == written
