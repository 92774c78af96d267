"""`POST /api/v2/alerts`, as Prometheus means it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.sighting import Sighting
from gateway.intake.delivery.source import Delivery
from gateway.sources.prometheus import SOURCE
from tests.sources.reading import whole

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads" / "prometheus"
LABELS = {"alertname": "A"}
parse = whole(SOURCE.open(SOURCE.options()))


def read(*alerts: Any) -> Delivery:
    return parse(json.dumps(alerts).encode(), NOW)


def one(**fields: Any) -> Sighting:
    delivery = read({"labels": LABELS} | fields)
    assert delivery.rejected == []
    return delivery.sightings[0]


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def test_a_recorded_alert_fires_under_the_lease_of_its_end() -> None:
    first, second = parse((PAYLOADS / "firing.json").read_bytes(), NOW).sightings
    assert first == Sighting(
        index=0,
        firing=True,
        labels=b'{"alertname":"MemoryShort","dc":"eu1","instance":"web-1.example.net:9100",'
        b'"job":"node","severity":"critical"}',
        annotations=b'{"summary":"web-1 is short of memory","value":"93.4"}',
        starts_at=datetime(2026, 3, 4, 9, 10, 11, 250_000, tzinfo=UTC),
        lease_until=datetime(2026, 3, 4, 9, 34, 0, 250_000, tzinfo=UTC),
        url="http://prometheus-a.example.net:9090/graph?g0.expr=mem_used+%3E+0.9&g0.tab=1",
    )
    assert second.index == 1


def test_a_recorded_resolve_ends_when_it_says() -> None:
    (resolved,) = parse((PAYLOADS / "resolved.json").read_bytes(), NOW).sightings
    assert not resolved.firing
    assert resolved.starts_at == datetime(2026, 3, 4, 9, 10, 11, 250_000, tzinfo=UTC)
    assert resolved.ends_at == datetime(2026, 3, 4, 9, 28, 26, 250_000, tzinfo=UTC)
    assert resolved.lease_until is None


def test_labels_and_annotations_stay_the_bytes_they_were() -> None:
    body = b'[{"labels" : { "b":"\\u0041" , "a":"x","a":"y"},"annotations":{ }}]'
    (sighting,) = parse(body, NOW).sightings
    assert sighting.labels == b'{ "b":"\\u0041" , "a":"x","a":"y"}'
    assert sighting.annotations == b"{ }"


@pytest.mark.parametrize(
    ("ends_at", "firing", "lease"),
    [
        (None, True, None),
        ("", True, None),
        ("0001-01-01T00:00:00Z", True, None),
        (text(minutes(4)), True, minutes(4)),
        ("2026-03-04T10:34:00+01:00", True, minutes(4)),
        ("2026-03-04 09:34:00", True, minutes(4)),
        (text(minutes(60 * 24 * 30)), True, NOW + timedelta(days=7)),
        (text(NOW), False, None),
        (text(minutes(-1)), False, None),
    ],
)
def test_an_alert_fires_until_its_end_and_without_end_it_fires(
    ends_at: str | None, firing: bool, lease: datetime | None
) -> None:
    sighting = one(startsAt=text(minutes(-5)), endsAt=ends_at)
    assert (sighting.firing, sighting.lease_until) == (firing, lease)


def test_without_times_an_alert_fires_and_says_no_start() -> None:
    sighting = one()
    assert sighting == Sighting(0, True, b'{"alertname": "A"}')


def test_a_resolve_without_start_starts_where_it_ends() -> None:
    sighting = one(endsAt=text(minutes(-7)))
    assert (sighting.firing, sighting.starts_at, sighting.ends_at) == (
        False,
        minutes(-7),
        minutes(-7),
    )


def test_a_lease_without_start_says_no_start() -> None:
    assert one(endsAt=text(minutes(4))).starts_at is None


@pytest.mark.parametrize("ends_at", [minutes(-9), minutes(20)])
def test_an_end_before_the_start_is_refused_in_alertmanagers_words(ends_at: datetime) -> None:
    starts_at = text(ends_at + timedelta(microseconds=1))
    good = {"labels": LABELS}
    delivery = read(good, {"labels": LABELS, "startsAt": starts_at, "endsAt": text(ends_at)}, good)
    assert [sighting.index for sighting in delivery.sightings] == [0, 2]
    (rejected,) = delivery.rejected
    assert rejected.error == "/1/endsAt: start time must be before end time"
    assert (rejected.index, rejected.reason) == (1, "time")


def test_an_end_at_the_start_is_fine() -> None:
    sighting = one(startsAt=text(minutes(-9)), endsAt=text(minutes(-9)))
    assert (sighting.starts_at, sighting.ends_at) == (minutes(-9), minutes(-9))


def test_implausible_times_are_held_within_bounds() -> None:
    assert one(startsAt="1970-01-01T00:00:00Z").starts_at == NOW - timedelta(days=365)
    assert one(startsAt="2040-01-01T00:00:00Z").starts_at == minutes(10)
    old = one(startsAt="1999-01-01T00:00:00Z", endsAt="2000-01-01T00:00:00Z")
    assert old.starts_at == old.ends_at == NOW - timedelta(days=365)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("startsAt", "yesterday"),
        ("startsAt", 1772615400),
        ("startsAt", "1772615400"),
        ("endsAt", "2026-03-04"),
        ("endsAt", ["2026-03-04T09:00:00Z"]),
    ],
)
def test_an_unreadable_time_refuses_its_alert_and_names_the_field(field: str, value: Any) -> None:
    delivery = read({"labels": LABELS}, {"labels": LABELS, field: value})
    assert [sighting.index for sighting in delivery.sightings] == [0]
    (rejected,) = delivery.rejected
    assert rejected.error.startswith(f"/1/{field}: ")
    assert rejected.reason == "time"
    assert json.loads(rejected.raw) == {"labels": LABELS, field: value}


@pytest.mark.parametrize("labels", [{}, {"labels": None}, {"labels": "a"}, {"labels": ["a"]}])
def test_an_alert_without_an_object_of_labels_is_refused_with_the_place(
    labels: dict[str, Any],
) -> None:
    delivery = read({"labels": LABELS}, labels)
    assert [sighting.index for sighting in delivery.sightings] == [0]
    (rejected,) = delivery.rejected
    assert rejected.error.startswith("/1/labels: ")
    assert rejected.reason == "labels"


@pytest.mark.parametrize("annotations", [None, "text", 3, ["a"], True])
def test_annotations_that_are_no_object_are_left_out(annotations: Any) -> None:
    assert one(annotations=annotations).annotations == b"{}"


@pytest.mark.parametrize("url", [None, 3, {"a": 1}, "https://" + "x" * 9000])
def test_a_link_that_is_none_is_left_out(url: Any) -> None:
    assert one(generatorURL=url).url == ""


def test_nul_in_a_link_is_replaced() -> None:
    live = {"startsAt": text(minutes(-5)), "endsAt": text(minutes(4))}
    assert one(generatorURL="a\0b").url == "a\ufffdb"
    assert one(generatorURL="a\0b", **live).url == "a\ufffdb"


def test_unknown_fields_are_ignored() -> None:
    assert one(status="resolved", fingerprint=3, nested={"a": [1, 2]}) == one()


times = st.none() | st.one_of(
    st.sampled_from(["", "0001-01-01T00:00:00Z", "2026-03-04T09:00:00.123456789+02:00"]),
    st.datetimes(
        min_value=NOW.replace(year=2025, tzinfo=None), max_value=NOW.replace(year=2027, tzinfo=None)
    ).map(lambda moment: moment.isoformat() + "Z"),
)
alerts = st.fixed_dictionaries(
    {"labels": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3)},
    optional={
        "startsAt": times,
        "endsAt": times,
        "annotations": st.none() | st.just({"a": "b"}),
        "generatorURL": st.none() | st.text(max_size=5),
    },
)


@given(batch=st.lists(alerts, max_size=8))
def test_what_is_read_does_not_depend_on_bad_company(batch: list[Any]) -> None:
    alone = read(*batch)
    in_bad_company = read(*batch, None)
    assert in_bad_company.sightings == alone.sightings
    assert in_bad_company.rejected[:-1] == alone.rejected
    assert in_bad_company.rejected[-1].raw == b"null"


def test_it_is_asked_to_slow_down_by_503_and_must_say_that_it_sends_json() -> None:
    assert (SOURCE.overload_status, SOURCE.json_only) == (503, True)
