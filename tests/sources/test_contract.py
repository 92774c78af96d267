"""What every source kind promises, run over all that are discovered. No kind is named here."""

import json
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gateway.sources
from gateway.alerts.times import MAX_AGE, MAX_AHEAD, MAX_LEASE
from gateway.config.converter import new_converter
from gateway.intake.delivery.source import Delivery, MalformedPayload, SourceKind
from gateway.sources import discover
from tests.sources.reading import whole
from tests.sources.recorded import Recorded, recorded_in

RECEIVED_AT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads"

KINDS = sorted(discover())
RECORDED = [
    pytest.param(path, id=f"{path.parent.name}-{path.stem}")
    for path in sorted(PAYLOADS.glob("*/*.json"))
]


@cache
def parser_of(kind: str) -> Callable[[bytes, datetime], Delivery]:
    """With the options of `payloads/KIND/options.toml`, where the kind cannot do without."""
    written, found = PAYLOADS / kind / "options.toml", discover()[kind]
    table = tomllib.loads(written.read_text()) if written.exists() else {}
    return whole(found.open(new_converter(Path()).structure(table, found.options)))


def read(kind: str, body: bytes) -> Delivery:
    return parser_of(kind)(body, RECEIVED_AT)


@cache
def recorded(kind: str) -> list[Recorded]:
    """The payloads whose first alert fires, by name."""
    bodies = [path.read_bytes() for path in sorted((PAYLOADS / kind).glob("*.json"))]
    return [one for body in bodies if (one := recorded_in(body, partial(read, kind)))]


def model(kind: str) -> Recorded:
    """The one that others are made of."""
    assert recorded(kind), f"none of tests/sources/payloads/{kind}/*.json begins with what fires"
    return recorded(kind)[-1]


def sends_lists(kind: str) -> bool:
    """False for one whose senders post every alert alone."""
    return bool(recorded(kind)) and model(kind).holds_list


def good_item(kind: str) -> Any:
    """A recorded alert of this kind, which fires."""
    return model(kind).item


def body_of(kind: str, items: list[Any]) -> bytes:
    """These alerts, with what the kind's senders put around them."""
    return json.dumps(model(kind).around(items)).encode()


each_kind = pytest.mark.parametrize("kind", KINDS)
each_kind_of_lists = pytest.mark.parametrize("kind", [kind for kind in KINDS if sends_lists(kind)])


def assert_sound(delivery: Delivery) -> None:
    """Whatever came in: objects of the right kinds, in order, at plausible times."""
    for things in (delivery.sightings, delivery.rejected):
        assert [thing.index for thing in things] == sorted({thing.index for thing in things})
    for sighting in delivery.sightings:
        assert isinstance(msgspec.json.decode(sighting.labels), dict)
        assert isinstance(msgspec.json.decode(sighting.annotations), dict)
        texts = (sighting.severity, sighting.url, sighting.source_fingerprint)
        assert "\0" not in "".join((*texts, sighting.discriminator))
        "".join((*texts, sighting.discriminator)).encode()
        assert_plausible(sighting.starts_at, sighting.ends_at, sighting.lease_until)
        assert sighting.ends_at is None or not sighting.firing
        assert sighting.lease_until is None or sighting.firing
    for rejected in delivery.rejected:
        assert rejected.error
        assert rejected.reason.isidentifier()
        assert isinstance(rejected.raw, bytes)
    assert delivery.truncated >= 0


def assert_plausible(
    starts_at: datetime | None, ends_at: datetime | None, lease_until: datetime | None
) -> None:
    for moment in (starts_at, ends_at, lease_until):
        assert moment is None or moment.tzinfo is UTC
    if starts_at is not None:
        assert RECEIVED_AT - MAX_AGE <= starts_at <= RECEIVED_AT + MAX_AHEAD
    if ends_at is not None:
        assert ends_at <= max(RECEIVED_AT, starts_at or RECEIVED_AT)
        assert ends_at >= (starts_at or RECEIVED_AT - MAX_AGE)
    if lease_until is not None:
        assert RECEIVED_AT <= lease_until <= RECEIVED_AT + MAX_LEASE


@each_kind
def test_every_kind_has_recorded_payloads(kind: str) -> None:
    found = list((PAYLOADS / kind).glob("*.json"))
    assert found, f"record what a sender posts: tests/sources/payloads/{kind}/firing.json"


def test_every_folder_of_payloads_is_of_a_kind() -> None:
    assert {path.name for path in PAYLOADS.iterdir()} == set(KINDS)


def test_a_kind_is_named_like_its_module_and_by_its_own_name() -> None:
    modules = {path.stem for path in Path(gateway.sources.__file__).parent.glob("*.py")}
    named = {name: kind.kind for name, kind in discover().items()}
    assert named == {name: name for name in modules - {"__init__"}}


@pytest.mark.parametrize("path", RECORDED)
def test_a_recorded_payload_gives_its_alerts_and_refuses_none(path: Path) -> None:
    body = path.read_bytes()
    delivery = read(path.parent.name, body)
    assert_sound(delivery)
    assert delivery.rejected == []
    assert not any(sighting.unmapped for sighting in delivery.sightings)
    assert bool(delivery.sightings) == (path.stem != "empty")


@pytest.mark.parametrize("path", RECORDED)
def test_reading_a_payload_again_gives_the_same(path: Path) -> None:
    body = path.read_bytes()
    assert read(path.parent.name, body) == read(path.parent.name, body)


@pytest.mark.parametrize("path", RECORDED)
def test_a_byte_order_mark_and_blanks_around_a_payload_change_nothing(path: Path) -> None:
    body = path.read_bytes()
    dressed = b"\xef\xbb\xbf \r\n" + body + b"\n\t "
    assert read(path.parent.name, dressed) == read(path.parent.name, body)


RUBBISH = [
    pytest.param(b"", "empty_body", id="nothing"),
    pytest.param(b" \r\n\t", "empty_body", id="blanks"),
    pytest.param(b"\xef\xbb\xbf", "empty_body", id="only a byte order mark"),
    pytest.param(b"hello", "not_json", id="a word"),
    pytest.param(b"{", "not_json", id="an open object"),
    pytest.param(b"[1, 2", "not_json", id="an open list"),
    pytest.param(b"[] []", "not_json", id="two values"),
    pytest.param(b'{"a": NaN}', "not_json", id="NaN"),
    pytest.param(b'[{"labels": {"a": "\\q"}}]', "not_json", id="a bad escape"),
    pytest.param(b'[{"labels": {"a": "line\nbreak"}}]', "not_json", id="a raw line break"),
    pytest.param(b'{"alerts": [{"labels": {"a": "\x00"}}]}', "not_json", id="a raw NUL"),
    pytest.param(b"\xff\xfe[\x00]\x00", "not_utf8", id="UTF-16"),
    pytest.param(b'[{"labels": {"a": "\xc3"}}]', "not_utf8", id="half a character"),
    pytest.param(b'[{"labels": {"a": "\xed\xa0\x80"}}]', "not_utf8", id="a surrogate in UTF-8"),
    pytest.param(b'"alert"', "shape", id="a string"),
    pytest.param(b"17", "shape", id="a number"),
    pytest.param(b"true", "shape", id="a boolean"),
    pytest.param(b"[" * 33 + b"]" * 33, "too_deep", id="lists 33 deep"),
    pytest.param(b'{"alerts": [' * 20 + b"]}" * 20, "too_deep", id="alerts 40 deep"),
    pytest.param(b"[" * 1_000_000, "too_deep", id="a million open lists"),
    pytest.param(b'{"labels":' * 200_000, "too_deep", id="labels without end"),
    pytest.param(b'[{"labels":{"a":' * 200_000, "too_deep", id="alerts without end"),
    pytest.param(
        b'[{"annotations":' + b"[" * 500_000 + b"]" * 500_000 + b"}]",
        "too_deep",
        id="deep annotations",
    ),
]


@each_kind
@pytest.mark.parametrize(("body", "code"), RUBBISH)
def test_rubbish_is_refused_whole_with_its_code(kind: str, body: bytes, code: str) -> None:
    with pytest.raises(MalformedPayload) as refused:
        read(kind, body)
    assert refused.value.code == code
    assert refused.value.detail


@each_kind
def test_what_is_not_json_is_refused_with_the_place(kind: str) -> None:
    with pytest.raises(MalformedPayload, match="byte 7"):
        read(kind, b'{"a": ?}'.replace(b" ", b"  "))


@each_kind
@pytest.mark.parametrize(
    "quotes",
    [pytest.param(b'"' * 300_001, id="bare"), pytest.param(b'["' + b'\\"' * 300_000, id="escaped")],
)
def test_a_string_that_never_ends_is_refused_in_linear_time(kind: str, quotes: bytes) -> None:
    with pytest.raises(MalformedPayload):
        read(kind, quotes)


@each_kind
def test_null_is_an_empty_delivery(kind: str) -> None:
    assert read(kind, b"null") == Delivery([])


@each_kind_of_lists
def test_no_alerts_are_an_empty_delivery(kind: str) -> None:
    assert read(kind, body_of(kind, [])) == Delivery([])


@each_kind_of_lists
def test_more_alerts_than_any_sender_gathers_are_refused(kind: str) -> None:
    with pytest.raises(MalformedPayload) as refused:
        read(kind, body_of(kind, [0] * 100_001))
    assert refused.value.code == "too_many"


@each_kind_of_lists
def test_a_null_among_alerts_is_refused_alone(kind: str) -> None:
    item = good_item(kind)
    delivery = read(kind, body_of(kind, [item, None, item]))
    assert [sighting.index for sighting in delivery.sightings] == [0, 2]
    assert [(rejected.index, rejected.raw) for rejected in delivery.rejected] == [(1, b"null")]


BAD_ITEMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.lists(st.integers(), max_size=2),
    st.just({}),
    st.fixed_dictionaries({"labels": st.sampled_from([None, 3, "a=b", ["a"]])}),
    st.fixed_dictionaries(
        {"labels": st.just({"a": "b"}), "status": st.just(7), "startsAt": st.just(5)}
    ),
)


@each_kind_of_lists
@given(items=st.lists(st.none() | BAD_ITEMS.map(lambda bad: (bad,)), max_size=6))
def test_a_bad_item_never_takes_the_others_along(kind: str, items: list[tuple[Any] | None]) -> None:
    good = good_item(kind)
    expected = read(kind, body_of(kind, [good])).sightings[0]
    delivery = read(kind, body_of(kind, [good if item is None else item[0] for item in items]))
    assert_sound(delivery)
    taken = {sighting.index: sighting for sighting in delivery.sightings if not sighting.unmapped}
    for index, item in enumerate(items):
        if item is None:
            assert taken.pop(index) == msgspec.structs.replace(expected, index=index)
    assert not taken
    assert len(delivery.sightings) + len(delivery.rejected) == len(items)


def with_name(kind: str, name: bytes) -> tuple[bytes, str]:
    """An alert whose name in the body was replaced by *name*: its raw labels, and the name read."""
    body = body_of(kind, [good_item(kind)])
    label, text = name_in(body, labels_of(read(kind, body)))
    delivery = read(kind, body.replace(text, name))
    assert_sound(delivery)
    (sighting,) = delivery.sightings
    assert not sighting.unmapped
    return sighting.labels, labels_of(delivery)[label]


def labels_of(delivery: Delivery) -> dict[str, str]:
    """Of its only alert."""
    (sighting,) = delivery.sightings
    return msgspec.json.decode(sighting.labels, type=dict[str, str])


def name_in(body: bytes, labels: dict[str, str]) -> tuple[str, bytes]:
    """The label `alertname`, else another one, whose value stands in *body*; and that value."""
    for label in sorted(labels, key=lambda label: label != "alertname"):
        text = json.dumps(labels[label])[1:-1].encode()
        if text and b'"%b"' % text in body:
            return label, text
    raise AssertionError("none of the alert's labels is a text in the recorded payload")


@each_kind
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (rb"\ud800", "\ufffd"),
        (rb"\uDFFFx", "\ufffdx"),
        (rb"\ud800\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\ud83d\ude00\udc00", "\U0001f600\ufffd"),
        (rb"\ud800\u0041", "\ufffdA"),
        (rb"\ud800\n\\ud800", "\ufffd\n\\ud800"),
    ],
)
def test_a_lone_surrogate_is_repaired_and_the_alert_taken(
    kind: str, written: bytes, meant: str
) -> None:
    assert with_name(kind, written)[1] == meant


@each_kind
def test_nul_in_labels_is_left_to_identity(kind: str) -> None:
    raw, name = with_name(kind, rb"a\u0000b")
    assert name == "a\0b"
    assert rb"a\u0000b" in raw


KEYS = [
    "labels", "annotations", "status", "startsAt", "endsAt", "starts_at", "ends_at", "alerts",
    "generatorURL", "fingerprint", "truncatedAlerts", "hash", "tags", "tags_map", "is_recovered",
    "trigger_time", "first_trigger_time", "last_eval_time", "rule_name", "severity", "title",
    "expires_at", "url", "event", "trigger", "host", "name", "ts", "alertname", "rulename", "text",
]  # fmt: skip
VALUES = [
    "firing", "resolved", "2026-03-04T09:00:00Z", "0001-01-01T00:00:00Z", "", "1772615400",
    "9999-12-31T23:59:59.999999999-23:59", "2026-03-04", "PROBLEM", "a=b", "\0", "\ud800",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(VALUES),
    st.text(max_size=9),
)
KEYED_JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=6),
    ),
    max_leaves=30,
)


def read_if_at_all(kind: str, body: bytes) -> None:
    try:
        delivery = read(kind, body)
    except MalformedPayload as refused:
        assert refused.code in {
            "empty_body", "not_json", "not_utf8", "shape", "too_deep", "too_many",
        }  # fmt: skip
    else:
        assert_sound(delivery)


@each_kind
@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(kind: str, body: bytes) -> None:
    read_if_at_all(kind, body)


@each_kind
@given(value=KEYED_JSON)
def test_any_json_is_read_or_refused(kind: str, value: Any) -> None:
    read_if_at_all(kind, json.dumps(value).encode())
    read_if_at_all(kind, body_of(kind, [value]))


@each_kind
@given(data=st.data())
def test_a_damaged_payload_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted((PAYLOADS / kind).glob("*.json"))))
    body = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(
            st.sampled_from([b"", b'"', b"{", b"]", b"\\ud800", b"null", b"1e999", b"9" * 5000])
            | st.binary(max_size=3)
        )
    read_if_at_all(kind, bytes(body))


@each_kind
def test_numbers_beyond_any_machine_are_read_or_refused(kind: str) -> None:
    for literal in (b"9" * 5000, b"1e999", b"-1e999", b"0." + b"1" * 5000):
        body = body_of(
            kind, [good_item(kind) | {"x": 4242, "severity": 4242, "trigger_time": 4242}]
        )
        read_if_at_all(kind, body.replace(b"4242", literal))


@each_kind
def test_a_kind_is_asked_to_slow_down_in_a_way_that_senders_know(kind: str) -> None:
    assert discover()[kind].overload_status in {429, 503}


def test_who_says_nothing_else_is_slowed_down_by_503_and_must_say_that_it_sends_json() -> None:
    kind = SourceKind(kind="some", open=discover()[KINDS[0]].open)
    assert (kind.overload_status, kind.json_only) == (503, True)
