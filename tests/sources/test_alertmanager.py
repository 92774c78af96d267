"""Alertmanager's webhook message, and what Grafana's shares with it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.alerts.sighting import Sighting
from gateway.intake.delivery.source import Delivery, MalformedPayload
from gateway.sources.alertmanager import SOURCE
from tests.sources.reading import whole

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads" / "alertmanager"
LABELS = {"alertname": "A"}
ZERO = "0001-01-01T00:00:00Z"
parse = whole(SOURCE.open(SOURCE.options()))


def read(*alerts: Any, **fields: Any) -> Delivery:
    return parse(json.dumps({"version": "4", "alerts": alerts} | fields).encode(), NOW)


def one(**fields: Any) -> Sighting:
    delivery = read({"status": "firing", "labels": LABELS, "endsAt": ZERO} | fields)
    assert delivery.rejected == []
    return delivery.sightings[0]


def test_a_recorded_group_gives_its_alerts_in_its_order() -> None:
    delivery = parse((PAYLOADS / "firing_and_resolved.json").read_bytes(), NOW)
    firing, resolved = delivery.sightings
    assert firing == Sighting(
        index=0,
        firing=True,
        labels=b'{"alertname":"QueueLong","cluster":"blue","queue":"mail-1","severity":"warning"}',
        annotations=b'{"summary":"mail-1 holds \\u003e 1000 messages",'
        b'"runbook_url":"https://runbooks.example.net/queue?a=1\\u0026b=2"}',
        starts_at=datetime(2026, 3, 4, 9, 10, 11, 250_418, tzinfo=UTC),
        url="http://prometheus-a.example.net:9090/graph?g0.expr=queue+%3E+1000&g0.tab=1",
        source_fingerprint="9f2c41d07be35a68",
    )
    assert (resolved.index, resolved.firing, resolved.url) == (1, False, "")
    assert resolved.ends_at == datetime(2026, 3, 4, 9, 28, 26, 250_418, tzinfo=UTC)
    assert delivery.truncated == 0


def test_a_firing_alert_of_year_one_holds_no_lease() -> None:
    assert one(startsAt="2026-03-04T09:00:00Z").lease_until is None


def test_an_end_ahead_of_a_firing_alert_is_a_lease_and_one_behind_it_is_none() -> None:
    assert one(endsAt="2026-03-04T09:34:00Z").lease_until == NOW + timedelta(minutes=4)
    behind = one(endsAt="2026-03-04T09:20:00Z")
    assert (behind.firing, behind.lease_until, behind.ends_at) == (True, None, None)


def test_nanoseconds_are_cut_off() -> None:
    sighting = one(startsAt="2026-03-04T09:00:00.999999999Z")
    assert sighting.starts_at == datetime(2026, 3, 4, 9, 0, 0, 999_999, tzinfo=UTC)


def test_how_many_alerts_were_left_out_is_handed_on() -> None:
    assert parse((PAYLOADS / "truncated.json").read_bytes(), NOW).truncated == 4
    alert = {"labels": LABELS}
    assert read(alert, None, truncatedAlerts=7).truncated == 7
    assert read(truncatedAlerts=7).truncated == 7
    for nonsense in (-1, "4", None, 1.5, [4]):
        assert read(alert, truncatedAlerts=nonsense).truncated == 0


@pytest.mark.parametrize(
    ("ends_at", "believed"),
    [
        (ZERO, None),
        (None, None),
        ("2026-03-04T09:20:00Z", NOW - timedelta(minutes=10)),
        ("2026-03-04T08:00:00Z", NOW - timedelta(minutes=30)),
        ("2026-03-04T09:35:00Z", None),
        ("2031-01-01T00:00:00Z", None),
    ],
)
def test_a_resolve_ends_between_its_start_and_now_or_with_its_receipt(
    ends_at: str | None, believed: datetime | None
) -> None:
    sighting = one(status="resolved", startsAt="2026-03-04T09:00:00Z", endsAt=ends_at)
    assert (sighting.firing, sighting.ends_at) == (False, believed)


def test_a_resolve_without_end_ends_with_its_receipt_whatever_start_it_names() -> None:
    sighting = one(status="resolved", startsAt="2026-03-04T09:35:00Z")
    assert (sighting.starts_at, sighting.ends_at) == (NOW + timedelta(minutes=5), None)


@pytest.mark.parametrize(
    ("ends_at", "firing"),
    [(ZERO, True), ("2026-03-04T09:34:00Z", True), ("2026-03-04T09:30:00Z", False)],
)
def test_without_a_status_the_end_tells(ends_at: str, firing: bool) -> None:
    delivery = read({"labels": LABELS, "endsAt": ends_at})
    assert [sighting.firing for sighting in delivery.sightings] == [firing]


@pytest.mark.parametrize("status", ["suppressed", "FIRING", 1, ["firing"]])
def test_another_status_refuses_its_alert_alone(status: Any) -> None:
    good = {"status": "firing", "labels": LABELS}
    delivery = read(good, good, good, {"status": status, "labels": LABELS})
    assert [sighting.index for sighting in delivery.sightings] == [0, 1, 2]
    (rejected,) = delivery.rejected
    assert rejected.error == "/alerts/3/status: must be `firing` or `resolved`"
    assert rejected.reason == "status"


@pytest.mark.parametrize("labels", [{}, {"labels": None}, {"labels": "a"}, {"labels": 3}])
def test_an_alert_without_an_object_of_labels_is_refused_with_the_place(
    labels: dict[str, Any],
) -> None:
    delivery = read({"labels": LABELS}, {"status": "firing"} | labels)
    assert [sighting.index for sighting in delivery.sightings] == [0]
    (rejected,) = delivery.rejected
    assert rejected.error.startswith("/alerts/1/labels: ")
    assert rejected.reason == "labels"


def test_a_fingerprint_that_names_nothing_is_left_out() -> None:
    for fingerprint in (None, 17, "f" * 257, ["a"]):
        assert one(fingerprint=fingerprint).source_fingerprint == ""
    assert one(fingerprint="a\0", generatorURL="x", startsAt="2026-03-04T09:00:00Z") == one(
        fingerprint="a\ufffd", generatorURL="x", startsAt="2026-03-04T09:00:00Z"
    )


@pytest.mark.parametrize(
    "body", [b"{}", b'{"version":"4"}', b'{"alerts":3}', b'{"alerts":{}}', b"[]"]
)
def test_a_message_without_a_list_of_alerts_is_refused_whole(body: bytes) -> None:
    with pytest.raises(MalformedPayload) as refused:
        parse(body, NOW)
    assert refused.value.code == "shape"


def test_no_version_and_no_alerts_are_fine() -> None:
    assert parse(b'{"alerts": null}', NOW) == Delivery([])
    assert parse(b'{"alerts": []}', NOW) == Delivery([])
    assert parse((PAYLOADS / "empty.json").read_bytes(), NOW) == Delivery([])


def test_it_is_asked_to_slow_down_by_503_and_must_say_that_it_sends_json() -> None:
    assert (SOURCE.overload_status, SOURCE.json_only) == (503, True)
