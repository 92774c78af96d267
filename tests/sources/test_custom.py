"""The plain JSON shape for senders of one's own."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.alerts.sighting import Sighting
from gateway.intake.delivery.source import Delivery, MalformedPayload
from gateway.sources.custom import SOURCE
from tests.sources.reading import whole

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads" / "custom"
LABELS = {"alertname": "A"}
parse = whole(SOURCE.open(SOURCE.options()))


def read(body: Any) -> Delivery:
    return parse(json.dumps(body, separators=(",", ":")).encode(), NOW)


def one(**fields: Any) -> Sighting:
    delivery = read({"labels": LABELS} | fields)
    assert delivery.rejected == []
    return delivery.sightings[0]


def test_a_whole_alert_is_read_as_documented() -> None:
    (sighting,) = parse((PAYLOADS / "one.json").read_bytes(), NOW).sightings
    assert sighting == Sighting(
        index=0,
        firing=True,
        labels=b'{"alertname":"BackupFailed","host":"db-7","attempt":"3","full":"true"}',
        annotations=b'{"summary":"Backup of db-7 failed","description":"exit code 2"}',
        starts_at=datetime(2026, 3, 4, 9, 10, tzinfo=UTC),
        lease_until=datetime(2026, 3, 5, 9, 10, tzinfo=UTC),
        severity="high",
        url="https://backup.example.net/runs/81",
        source_fingerprint="run-81",
    )


def test_one_alert_a_list_and_an_envelope_are_the_same() -> None:
    alert = {"labels": LABELS}
    assert read(alert) == read([alert]) == read({"alerts": [alert]})
    assert read({"alerts": None}) == Delivery([])


def test_common_fields_around_a_list_apply_to_each() -> None:
    alerts = [{"labels": {"host": host}} for host in ("db-1", "db-2")]
    common = {"labels": LABELS, "severity": "high", "starts_at": "2026-03-04T09:00:00Z"}
    each = [{**common, "labels": LABELS | one["labels"]} for one in alerts]
    assert read({"alerts": alerts, **common}) == read(each)


@pytest.mark.parametrize(
    ("common", "own", "together"),
    [
        (
            {"labels": {"a": "1", "b": "1"}},
            {"labels": {"a": "2"}},
            {"labels": {"a": "2", "b": "1"}},
        ),
        ({"labels": LABELS}, {}, {"labels": LABELS}),
        ({"labels": LABELS}, {"labels": {"alertname": None}}, {"labels": LABELS}),
        ({"severity": "low"}, {"severity": "high"}, {"severity": "high"}),
        ({"severity": "low"}, {"severity": None}, {"severity": "low"}),
        ({"status": "firing"}, {"status": "resolved"}, {"status": "resolved"}),
        (
            {"annotations": {"a": "1", "b": "1"}},
            {"annotations": {"b": "2"}},
            {"annotations": {"a": "1", "b": "2"}},
        ),
        ({"annotations": {"summary": "all"}}, {"title": "one"}, {"title": "one"}),
        ({"title": "all"}, {"annotations": {"summary": "one"}}, {"title": "one"}),
        ({"annotations": {"description": "all"}}, {"description": "one"}, {"description": "one"}),
        ({"annotations": "none"}, {"annotations": {"a": "1"}}, {"annotations": {"a": "1"}}),
        (
            {"starts_at": "2026-03-04T08:00:00Z"},
            {"startsAt": "2026-03-04T09:00:00Z"},
            {"starts_at": "2026-03-04T09:00:00Z"},
        ),
        ({"annotations": {"a": "1"}}, {"annotations": None}, {"annotations": {"a": "1"}}),
    ],
)
def test_an_alerts_own_fields_win_over_common_ones_and_maps_are_merged_key_by_key(
    common: dict[str, Any], own: dict[str, Any], together: dict[str, Any]
) -> None:
    labels = {} if "labels" in common or "labels" in own else {"labels": LABELS}
    assert read({"alerts": [labels | own], **common}) == read(labels | together)


def test_a_list_of_none_is_none_whatever_is_common_to_it() -> None:
    assert read({"labels": LABELS, "alerts": []}) == Delivery([])


def test_a_list_that_is_null_is_not_there() -> None:
    assert len(read({"labels": LABELS, "alerts": None}).sightings) == 1


def test_a_bad_alert_among_common_fields_is_refused_alone_and_kept_with_them() -> None:
    good, bad = {"labels": {"host": "db-1"}}, {"status": "ok"}
    delivery = read({"alerts": [good, bad, 7], "labels": LABELS})
    assert [sighting.index for sighting in delivery.sightings] == [0]
    assert [one.error for one in delivery.rejected] == [
        "/alerts/1/status: must be `firing` or `resolved`",
        "/alerts/2: must be an object",
    ]
    kept = [json.loads(one.raw) for one in delivery.rejected]
    assert kept == [{"labels": LABELS, "status": "ok"}, 7]


def test_labels_that_are_no_object_are_refused_though_common_ones_are() -> None:
    delivery = read({"alerts": [{"labels": ["a"]}, {}], "labels": LABELS})
    assert [one.error for one in delivery.rejected] == ["/alerts/0/labels: must be an object"]
    assert len(delivery.sightings) == 1


def test_common_fields_cannot_make_a_small_body_a_huge_one() -> None:
    body = {"alerts": [{}] * 10_000, "labels": LABELS, "description": "x" * 100_000}
    with pytest.raises(MalformedPayload, match="shared") as refused:
        read(body)
    assert refused.value.code == "too_large"


def test_both_spellings_of_times_are_read() -> None:
    delivery = parse((PAYLOADS / "list.json").read_bytes(), NOW)
    firing, resolved = delivery.sightings
    assert (firing.firing, firing.starts_at) == (True, None)
    assert not resolved.firing
    assert resolved.starts_at == datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert resolved.ends_at == datetime(2026, 3, 4, 9, tzinfo=UTC)


def test_labels_of_strings_stay_the_bytes_they_were() -> None:
    (sighting,) = parse(b'{"labels": { "a" :"\\u0041"}}', NOW).sightings
    assert sighting.labels == b'{ "a" :"\\u0041"}'


def test_numbers_and_booleans_become_text_as_they_are_written() -> None:
    labels = b'{"a":1.10,"b":-0,"c":false,"d":null,"e":1e999,"f":12345678901234567890,"g":"x"}'
    (sighting,) = parse(b'{"labels":' + labels + b"}", NOW).sightings
    assert msgspec.json.decode(sighting.labels) == {
        "a": "1.10",
        "b": "-0",
        "c": "false",
        "e": "1e999",
        "f": "12345678901234567890",
        "g": "x",
    }


def test_annotations_may_be_anything_and_become_text() -> None:
    sighting = one(annotations={"n": 3, "list": ["a", {"b": 1}], "none": None}, title=7)
    assert msgspec.json.decode(sighting.annotations) == {
        "n": "3",
        "list": '["a",{"b":1}]',
        "summary": "7",
    }


def test_a_title_does_not_replace_the_summary() -> None:
    sighting = one(annotations={"summary": "mine"}, title="other", description="")
    assert msgspec.json.decode(sighting.annotations) == {"summary": "mine"}


@pytest.mark.parametrize(
    ("fields", "firing"),
    [
        ({}, True),
        ({"status": None}, True),
        ({"status": "firing", "ends_at": "2026-03-04T09:00:00Z"}, True),
        ({"status": "resolved"}, False),
        ({"status": "resolved", "ends_at": "2026-03-04T10:00:00Z"}, False),
        ({"ends_at": "2026-03-04T09:00:00Z"}, False),
        ({"ends_at": "2026-03-04T10:00:00Z"}, True),
    ],
)
def test_an_alert_fires_unless_it_says_or_shows_otherwise(
    fields: dict[str, Any], firing: bool
) -> None:
    assert one(**fields).firing == firing


@pytest.mark.parametrize(
    ("fields", "lease"),
    [
        ({"expires_at": "2026-03-04T10:30:00Z"}, NOW + timedelta(hours=1)),
        ({"ends_at": "2026-03-04T10:30:00Z"}, NOW + timedelta(hours=1)),
        ({"expires_at": "2026-09-04T10:30:00Z"}, NOW + timedelta(days=7)),
        ({"expires_at": "2026-03-04T09:00:00Z"}, NOW),
        ({"status": "resolved", "expires_at": "2026-03-04T10:30:00Z"}, None),
    ],
)
def test_a_promise_to_repeat_is_a_lease(fields: dict[str, Any], lease: datetime | None) -> None:
    assert one(**fields).lease_until == lease


@pytest.mark.parametrize(
    ("alert", "error", "reason"),
    [
        ({}, "/alerts/1/labels: labels are required", "labels"),
        ({"labels": ["a"]}, "/alerts/1/labels: must be an object", "labels"),
        (
            {"labels": {"a/b": {}}},
            "/alerts/1/labels/a~1b: must be a string, a number or a boolean",
            "labels",
        ),
        (
            {"labels": LABELS, "status": "ok"},
            "/alerts/1/status: must be `firing` or `resolved`",
            "status",
        ),
        (
            {"labels": LABELS, "startsAt": "soon"},
            "/alerts/1/startsAt: not an RFC 3339 time: 'soon'",
            "time",
        ),
        (
            {"labels": LABELS, "expires_at": 5},
            "/alerts/1/expires_at: must be a string holding an RFC 3339 time",
            "time",
        ),
        (
            {"labels": LABELS, "severity": ["x"]},
            "/alerts/1/severity: must be a string, a number or a boolean",
            "shape",
        ),
        (7, "/alerts/1: must be an object", "shape"),
    ],
)
def test_a_bad_alert_is_refused_alone_with_the_place(alert: Any, error: str, reason: str) -> None:
    good = {"labels": LABELS}
    delivery = read({"alerts": [good, alert, good]})
    assert [sighting.index for sighting in delivery.sightings] == [0, 2]
    assert [(each.index, each.error, each.reason) for each in delivery.rejected] == [
        (1, error, reason)
    ]


def test_a_bad_alert_by_itself_is_named_without_an_index() -> None:
    (rejected,) = read({"title": "x"}).rejected
    assert rejected.error == "/labels: labels are required"


def test_it_is_asked_to_slow_down_by_503_and_must_say_that_it_sends_json() -> None:
    assert (SOURCE.overload_status, SOURCE.json_only) == (503, True)
