"""Nightingale's events, of every version."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.alerts.sighting import Sighting
from gateway.intake.delivery.source import Delivery
from gateway.sources.n9e import SOURCE
from tests.sources.reading import whole

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads" / "n9e"
HASH = "5e1f0c9a7b3d42688c1d0e9f2a4b6c8d"
LABELS = {
    "__name__": "disk_used_percent",
    "alertname": "Disk nearly full",
    "ident": "db-7",
    "path": "/var/lib/a=b",
    "rulename": "Disk nearly full",
}
parse = whole(SOURCE.open(SOURCE.options()))


def recorded(case: str) -> Sighting:
    return parse((PAYLOADS / f"{case}.json").read_bytes(), NOW).sightings[0]


def read(*events: Any) -> Delivery:
    return parse(json.dumps(events).encode(), NOW)


def one(**fields: Any) -> Sighting:
    delivery = read({"hash": "h", "rule_name": "R", "tags": []} | fields)
    assert delivery.rejected == []
    return delivery.sightings[0]


def labels_of(sighting: Sighting) -> dict[str, str]:
    return msgspec.json.decode(sighting.labels, type=dict[str, str])


def annotations_of(sighting: Sighting) -> dict[str, str]:
    return msgspec.json.decode(sighting.annotations, type=dict[str, str])


@pytest.mark.parametrize(
    "case", ["v5_object", "v6_object", "v7_object", "v7_array", "v8_array", "v9_object"]
)
def test_every_version_gives_the_same_alert(case: str) -> None:
    sighting = recorded(case)
    assert sighting.firing
    assert labels_of(sighting) == LABELS
    assert sighting.severity == "n9e-2"
    assert sighting.source_fingerprint == sighting.discriminator == HASH
    began_at = 20 if case == "v5_object" else 10  # v5 knows only this firing's time
    assert sighting.starts_at == datetime(2026, 3, 4, 9, began_at, tzinfo=UTC)
    assert sighting.lease_until is None


@pytest.mark.parametrize("case", ["v5_recovery", "v9_recovery", "history_recovery"])
def test_a_recovery_ends_at_its_last_evaluation_and_keeps_the_strand(case: str) -> None:
    sighting = recorded(case)
    assert not sighting.firing
    assert sighting.ends_at == datetime(2026, 3, 4, 9, 25, tzinfo=UTC)
    assert (labels_of(sighting), sighting.discriminator) == (LABELS, HASH)


def test_renaming_the_rule_between_firing_and_recovery_changes_no_label() -> None:
    firing, recovery = recorded("v9_object"), recorded("v9_recovery")
    assert b"(db)" in (PAYLOADS / "v9_recovery.json").read_bytes()
    assert firing.labels == recovery.labels


def test_an_array_gives_its_events_in_order() -> None:
    delivery = parse((PAYLOADS / "v8_array.json").read_bytes(), NOW)
    assert [(each.index, each.firing) for each in delivery.sightings] == [(0, True), (1, False)]
    assert [each.discriminator for each in delivery.sightings] == [HASH, "0b" * 16]


@pytest.mark.parametrize(
    ("tags", "rule_name", "alertname"),
    [
        ({"alertname": "Tagged", "rulename": "N"}, "R", "Tagged"),
        ({"alertname": "", "rulename": "N"}, "R", "N"),
        ({"rulename": "N"}, "R", "N"),
        ({"host": "db-7"}, "R", "R"),
        ({}, "R", "R"),
        ({"host": "db-7"}, "", None),
    ],
)
def test_the_alertname_is_a_tag_before_it_is_the_rules_name(
    tags: dict[str, str], rule_name: str, alertname: str | None
) -> None:
    from_map = labels_of(one(tags_map=tags, tags=None, rule_name=rule_name))
    from_list = labels_of(one(tags=[f"{n}={v}" for n, v in tags.items()], rule_name=rule_name))
    assert from_map == from_list
    assert from_map.get("alertname") == alertname
    assert from_map | {"alertname": ""} == tags | {"alertname": ""}


def test_a_tag_is_split_at_its_first_equals_sign() -> None:
    labels = labels_of(one(tags=["a=b=c", "a.b=", "flag", "=x"]))
    assert labels == {"alertname": "R", "a": "b=c", "a.b": "", "flag": ""}


def test_what_the_rule_says_besides_is_annotated() -> None:
    assert annotations_of(recorded("v9_object")) == {
        "owner": "dba",
        "description": "Clear old files or grow the volume",
        "runbook_url": "https://runbooks.example.net/disk",
        "trigger_value": "93.21",
    }
    assert annotations_of(one(annotations={"description": "mine"}, rule_note="theirs")) == {
        "description": "mine"
    }
    assert annotations_of(one(trigger_value=7.25, annotations="none")) == {"trigger_value": "7.25"}


@pytest.mark.parametrize("case", ["v5_object", "v9_object"])
def test_contacts_and_screenshots_go_nowhere(case: str) -> None:
    body = (PAYLOADS / f"{case}.json").read_bytes()
    assert b"Anna" in body
    assert b"Anna" not in msgspec.json.encode(recorded(case))
    assert b"iVBOR" not in msgspec.json.encode(recorded(case))


@pytest.mark.parametrize(
    ("severity", "word"),
    [
        (1, "n9e-1"),
        (2, "n9e-2"),
        (3, "n9e-3"),
        ("1", "n9e-1"),
        (0, ""),
        (9, ""),
        (None, ""),
        ([], ""),
    ],
)
def test_severity_is_one_of_three_words_or_none(severity: Any, word: str) -> None:
    assert one(severity=severity).severity == word


@pytest.mark.parametrize(
    ("is_recovered", "firing"), [(True, False), (1, False), (False, True), (0, True), (None, True)]
)
def test_recovery_is_said_by_a_boolean_or_a_bit(is_recovered: Any, firing: bool) -> None:
    assert one(is_recovered=is_recovered).firing == firing


@pytest.mark.parametrize(
    ("fields", "place", "reason"),
    [
        ({"hash": None}, "/1/hash", "hash"),
        ({"hash": ""}, "/1/hash", "hash"),
        ({"hash": {}}, "/1/hash", "hash"),
        ({"hash": "h" * 257}, "/1/hash", "hash"),
        ({"is_recovered": 2}, "/1/is_recovered", "status"),
        ({"tags_map": "a=b"}, "/1/tags_map", "labels"),
        ({"tags": "a=b"}, "/1/tags", "labels"),
        ({"tags": [{"a": "b"}]}, "/1/tags", "labels"),
        ({"tags": None, "rule_name": ""}, "/1/tags_map", "labels"),
        ({"trigger_time": "soon"}, "/1/trigger_time", "time"),
        ({"is_recovered": True, "last_eval_time": "soon"}, "/1/last_eval_time", "time"),
    ],
)
def test_a_bad_event_is_refused_alone_with_the_place(
    fields: dict[str, Any], place: str, reason: str
) -> None:
    good = {"hash": "h", "rule_name": "R", "tags": []}
    delivery = read(good, good | fields, good)
    assert [sighting.index for sighting in delivery.sightings] == [0, 2]
    (rejected,) = delivery.rejected
    assert rejected.error.startswith(f"{place}: ")
    assert (rejected.index, rejected.reason) == (1, reason)


def test_a_bad_event_by_itself_is_named_without_an_index() -> None:
    (rejected,) = parse(b'{"rule_name": "R"}', NOW).rejected
    assert rejected.error == "/hash: the event has no hash to be recognised by"


def test_a_recovery_that_names_no_time_ends_at_its_receipt() -> None:
    sighting = one(is_recovered=True, trigger_time=1772615400, last_eval_time=0, recover_time=0)
    assert (sighting.firing, sighting.ends_at) == (False, None)


def test_times_far_off_are_held_within_bounds() -> None:
    assert one(trigger_time=1772615400000).starts_at == datetime(2026, 3, 4, 9, 40, tzinfo=UTC)
    assert one(trigger_time=-1).starts_at == datetime(2025, 3, 4, 9, 30, tzinfo=UTC)


def test_it_is_asked_to_slow_down_by_429_and_may_omit_its_content_type() -> None:
    assert (SOURCE.overload_status, SOURCE.json_only) == (429, False)
