"""Mapped sources: what a mapping gives, and that its failures drop nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cattrs import BaseValidationError

from gateway.alerts.sighting import Sighting
from gateway.config.mistakes import mistakes_in
from gateway.intake.delivery.source import Delivery, MalformedPayload
from gateway.sources.mapped import SOURCE, check_examples
from tests.sources.mapping import mapping_of
from tests.sources.reading import whole

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads" / "mapped"
PROBLEM = (PAYLOADS / "problem.json").read_bytes()
OPTIONS: dict[str, Any] = {
    "status": {"path": "event.status", "map": {"PROBLEM": "firing", "OK": "resolved"}},
    "severity": {"path": "event.severity", "map": {"Disaster": "critical"}, "default": "medium"},
    "starts_at": {"path": "event.ts", "as": "epoch_s"},
    "ends_at": {"path": "event.ended", "as": "epoch_s"},
    "labels": {
        "alertname": "trigger.name",
        "host": {"path": "host.name"},
        "trigger": "trigger.id",
        "region": {"path": "host.groups[1]", "map": {"eu": "europe"}, "default": "elsewhere"},
    },
    "annotations": {"summary": "event.text", "groups": "join(', ', host.groups || `[]`)"},
    "url": "event.link",
    "fingerprint": "event.id",
    "examples": [
        {"in": PROBLEM.decode(), "out": {"status": "firing", "starts_at": "2026-03-04T09:10:00Z"}}
    ],
}


def read(body: Any, **options: Any) -> Delivery:
    table = {"labels": {"alertname": "name"}, "examples": OPTIONS["examples"]} | options
    parse = SOURCE.open(mapping_of(table))
    return whole(parse)(body if isinstance(body, bytes) else json.dumps(body).encode(), NOW)


def labels_of(sighting: Sighting) -> dict[str, str]:
    return msgspec.json.decode(sighting.labels, type=dict[str, str])


def annotations_of(sighting: Sighting) -> dict[str, str]:
    return msgspec.json.decode(sighting.annotations, type=dict[str, str])


def test_every_field_comes_from_its_expression() -> None:
    (sighting,) = read(PROBLEM, **OPTIONS).sightings
    assert sighting == Sighting(
        index=0,
        firing=True,
        labels=b'{"alertname":"Host unreachable","host":"router-3","trigger":"17",'
        b'"region":"europe"}',
        annotations=b'{"summary":"Ping has failed three times","groups":"network, eu"}',
        starts_at=datetime(2026, 3, 4, 9, 10, tzinfo=UTC),
        severity="critical",
        url="https://monitor.example.net/events/90125",
        source_fingerprint="90125",
    )


def test_a_mapped_resolve_names_the_same_alert() -> None:
    (problem,) = read(PROBLEM, **OPTIONS).sightings
    (recovery,) = read((PAYLOADS / "recovery.json").read_bytes(), **OPTIONS).sightings
    assert (recovery.firing, recovery.labels) == (False, problem.labels)
    assert recovery.ends_at == datetime(2026, 3, 4, 9, 25, tzinfo=UTC)


def test_scalars_become_text_and_what_is_not_found_its_default_or_nothing() -> None:
    first, second = read((PAYLOADS / "list.json").read_bytes(), **OPTIONS).sightings
    assert labels_of(first) == {
        "alertname": "Host unreachable",
        "host": "router-4",
        "trigger": "17.5",
        "region": "elsewhere",
    }
    assert labels_of(second)["trigger"] == "true"
    assert annotations_of(first) == {}
    assert (first.severity, first.url) == ("medium", "")
    assert second.starts_at == datetime(2026, 3, 4, 9, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "form", "moment"),
    [
        ("2026-03-04T10:00:00+01:00", "rfc3339", datetime(2026, 3, 4, 9, tzinfo=UTC)),
        (1772614800, "epoch_s", datetime(2026, 3, 4, 9, tzinfo=UTC)),
        (1772614800123, "epoch_ms", datetime(2026, 3, 4, 9, 0, 0, 123_000, tzinfo=UTC)),
        ("1772614800123", "epoch_ms", datetime(2026, 3, 4, 9, 0, 0, 123_000, tzinfo=UTC)),
        (0, "epoch_s", None),
        (None, "epoch_s", None),
        ("", "rfc3339", None),
    ],
)
def test_times_are_read_in_the_form_the_mapping_names(
    time: Any, form: str, moment: datetime | None
) -> None:
    delivery = read({"name": "A", "t": time}, starts_at={"path": "t", "as": form})
    assert delivery.sightings[0].starts_at == moment
    assert not delivery.sightings[0].unmapped


def test_items_are_split_out_of_a_body() -> None:
    body = {"alerts": [{"name": "A"}, {"name": "B"}]}
    names = [labels_of(each)["alertname"] for each in read(body, items="alerts[*]").sightings]
    assert names == ["A", "B"]
    assert read({"alerts": []}, items="alerts") == Delivery([])


@pytest.mark.parametrize(
    ("item", "options", "reason", "error"),
    [
        ({"name": None}, {}, "labels", "labels: all are empty"),
        ({"name": ["A"]}, {}, "labels.alertname", "labels.alertname: gives a list"),
        ({"name": "A", "s": "odd"}, {"status": {"path": "s"}}, "status", "'odd' is neither"),
        ({"name": "A"}, {"status": "s"}, "status", "status: None is neither"),
        ({"name": "A", "t": "soon"}, {"starts_at": "t"}, "starts_at", "starts_at: "),
        ({"name": "A", "t": True}, {"starts_at": {"path": "t", "as": "epoch_s"}}, "starts_at", ""),
        ({"name": "A", "t": 5}, {"starts_at": {"path": "t", "as": "rfc3339"}}, "starts_at", ""),
        ({"name": 3}, {"labels": {"alertname": "length(name)"}}, "item", "`length(name)`: "),
        ({"name": "A" * 70_000}, {}, "item", "more than 65536 bytes"),
    ],
)
def test_an_item_the_mapping_fails_on_fires_unmapped_and_is_kept(
    item: dict[str, Any], options: dict[str, Any], reason: str, error: str
) -> None:
    delivery = read(
        [{"name": "good"}, item, {"name": "good"}],
        **{"status": {"path": "s", "default": "firing"}} | options,
    )
    assert delivery.rejected == []
    sighting = delivery.sightings[1]
    assert sighting.unmapped
    assert sighting.firing
    assert [each.index for each in delivery.sightings] == [0, 1, 2]
    raw = json.dumps(item, separators=(",", ":")).encode()
    assert labels_of(sighting) == {"alertname": "Unmapped", "reason": reason}
    annotations = annotations_of(sighting)
    assert annotations["summary"].startswith(f"{reason} cannot be mapped: ")
    assert error in annotations["error"]
    assert annotations["item"].encode() == raw[:4096]
    assert len(sighting.annotations) < 16_384


def test_items_that_fail_for_one_reason_are_one_unmapped_alert() -> None:
    first, second, third = read([{"name": None}, {"other": 1}, {"name": []}]).sightings
    assert first.unmapped
    assert first.labels == second.labels != third.labels


@pytest.mark.parametrize("items", ["alerts", "length(alerts)", "length(@)"])
def test_a_body_without_the_items_it_should_hold_is_one_unmapped_alert(items: str) -> None:
    (sighting,) = read({"other": 1}, items=items).sightings
    assert sighting.unmapped


def test_numbers_too_large_for_a_machine_are_text() -> None:
    (sighting,) = read(b'{"name": 123456789012345678901234567890, "x": 1e999}').sightings
    assert labels_of(sighting) == {"alertname": "123456789012345678901234567890"}


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"labels": {}}, ("labels",)),
        ({"labels": {"a": "b["}}, ("labels", "a")),
        ({"labels": {"a": {"path": "b["}}}, ("labels", "a", "path")),
        ({"labels": {"a": {"path": "b", "maps": {}}}}, ("labels", "a", "maps")),
        ({"labels": {"a": {}}}, ("labels", "a", "path")),
        ({"examples": []}, ("examples",)),
        ({"examples": [{"in": "{}"}]}, ("examples", 0, "out")),
        ({"examples": [{"in": "{}", "out": {"colour": 1}}]}, ("examples", 0, "out", "colour")),
        ({"status": {"path": "s", "map": {"OK": "fine"}}}, ("status", "map", "OK")),
        ({"status": {"path": "s", "default": "ok"}}, ("status", "default")),
        ({"starts_at": {"path": "t", "as": "minutes"}}, ("starts_at", "as")),
        ({"url": "a..b"}, ("url",)),
        ({"severity": "shell('x')"}, ("severity",)),
        ({"itmes": "@"}, ("itmes",)),
    ],
)
def test_a_wrong_option_is_refused_by_name(
    options: dict[str, Any], place: tuple[str | int, ...]
) -> None:
    with pytest.raises(BaseValidationError) as caught:
        mapping_of(OPTIONS | options)
    assert [where for where, _ in mistakes_in(caught.value)] == [place]


def test_all_that_is_wrong_with_a_mapping_is_told_at_once() -> None:
    with pytest.raises(BaseValidationError) as caught:
        mapping_of(
            {
                "labels": {"a": "b[", "b": {"path": 1, "map": {"x": 2}}, "c": []},
                "status": {"path": "s", "default": "ok"},
                "itmes": "@",
            }
        )
    assert {place for place, _ in mistakes_in(caught.value)} == {
        ("labels", "a"),
        ("labels", "b", "path"),
        ("labels", "b", "map", "x"),
        ("labels", "c"),
        ("status", "default"),
        ("itmes",),
        ("examples",),
    }


def test_examples_that_hold_are_no_problem_however_old_they_are() -> None:
    labels = {"alertname": "A"}
    examples = [
        *OPTIONS["examples"],
        {
            "in": {
                "trigger": {"name": "A"},
                "event": {"status": "OK", "ts": 86400, "ended": 86460},
            },
            "out": {
                "status": "resolved",
                "labels": labels | {"region": "elsewhere"},
                "starts_at": datetime(1970, 1, 2, tzinfo=UTC),
                "ends_at": "1970-01-02T00:01:00Z",
                "severity": "medium",
                "annotations": {},
                "url": "",
                "fingerprint": "",
            },
        },
        {"in": "[]", "out": []},
    ]
    assert check_examples(mapping_of(OPTIONS | {"examples": examples})) == []


@pytest.mark.parametrize(
    ("given", "out", "problem", "place"),
    [
        (
            PROBLEM.decode(),
            {"status": "resolved"},
            "expected 'resolved', got 'firing'",
            ("out", "status"),
        ),
        (PROBLEM.decode(), {"labels": {"host": "x"}}, "expected", ("out", "labels")),
        (PROBLEM.decode(), {"starts_at": "2026-03-04T09:00:00Z"}, "expected", ("out", "starts_at")),
        (PROBLEM.decode(), [], "gives 1 alerts, expected 0", ("out",)),
        ("{}", {"status": "firing"}, "labels", ("out",)),
        ("{}", [{"status": "firing"}], "labels", ("out", 0)),
        ("{", {}, "not JSON", ("in",)),
        ("[null]", {}, "gives 0 alerts, expected 1", ("out",)),
    ],
)
def test_an_example_that_does_not_hold_is_told_with_its_place(
    given: Any, out: Any, problem: str, place: tuple[str | int, ...]
) -> None:
    examples = [*OPTIONS["examples"], {"in": given, "out": out}]
    options = mapping_of(OPTIONS | {"examples": examples, "labels": {"host": "host.name"}})
    ((where, told),) = check_examples(options)
    assert where == ("examples", 1, *place)
    assert problem in told


def test_a_body_of_more_values_than_can_be_looked_at_is_refused() -> None:
    with pytest.raises(MalformedPayload) as refused:
        read(b'[{"name":"a","tags":[' + b"0," * 200_000 + b"0]}]")
    assert refused.value.code == "too_many"


def test_an_item_too_large_for_expressions_gets_a_ticket_of_its_own() -> None:
    large = {"name": "a", "tags": [0] * 10_000}
    first, second = read([large, {"name": "b"}]).sightings
    assert first.unmapped
    assert "more than 10000 values" in annotations_of(first)["error"]
    assert labels_of(second) == {"alertname": "b"}


def test_among_many_values_no_number_may_be_too_large_for_a_machine() -> None:
    values = ",".join(["1e999"] * 10_001).encode()
    with pytest.raises(MalformedPayload) as refused:
        read(b'[{"name":"a","tags":[' + values + b"]}]")
    assert refused.value.code == "too_many"
    (sighting,) = read(b'{"name":1e999}').sightings
    assert labels_of(sighting) == {"alertname": "1e999"}


def test_it_is_asked_to_slow_down_by_503_and_must_say_that_it_sends_json() -> None:
    assert (SOURCE.overload_status, SOURCE.json_only) == (503, True)
