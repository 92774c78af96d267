"""Grafana's webhook message, where it differs from Alertmanager's."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from gateway.intake.delivery.source import Delivery
from gateway.sources.grafana import SOURCE
from tests.sources.reading import whole

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
parse = whole(SOURCE.open(SOURCE.options()))


def recorded(case: str) -> Delivery:
    path = Path(__file__).parent / "payloads" / "grafana" / f"{case}.json"
    return parse(path.read_bytes(), NOW)


def test_a_recorded_alert_fires_since_its_start_in_utc() -> None:
    (sighting,) = recorded("firing").sightings
    assert sighting.firing
    assert sighting.starts_at == datetime(2026, 3, 4, 9, 10, tzinfo=UTC)
    assert sighting.lease_until is None
    assert sighting.url == "https://grafana.example.net/alerting/grafana/a1b2c3/view?orgId=1"
    assert sighting.source_fingerprint == "51c0aa39d2e4b701"
    assert msgspec.json.decode(sighting.labels) == {
        "alertname": "Checkout slow",
        "grafana_folder": "Shop",
        "region": "eu-1",
    }
    assert msgspec.json.decode(sighting.annotations) == {"summary": "p95 above 2 s"}


def test_a_recorded_resolve_ends_when_it_says() -> None:
    (sighting,) = recorded("resolved").sightings
    assert (sighting.firing, sighting.ends_at) == (
        False,
        datetime(2026, 3, 4, 9, 25, tzinfo=UTC),
    )


def test_the_link_is_the_rules_else_the_panels_else_the_dashboards() -> None:
    delivery = recorded("without_rule_link")
    assert [sighting.url for sighting in delivery.sightings] == [
        "https://grafana.example.net/d/shop?viewPanel=7",
        "https://grafana.example.net/d/shop",
    ]
    assert delivery.truncated == 2


@pytest.mark.parametrize("case", ["firing", "resolved", "no_data"])
def test_values_and_debug_text_are_not_taken_over(case: str) -> None:
    (sighting,) = recorded(case).sightings
    assert b"value" not in sighting.annotations
    assert b"value" not in sighting.labels


def test_it_is_asked_to_slow_down_by_503_and_must_say_that_it_sends_json() -> None:
    assert (SOURCE.overload_status, SOURCE.json_only) == (503, True)
