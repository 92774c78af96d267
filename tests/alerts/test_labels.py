"""Label sets: whatever bytes a sender writes, one clean sorted form comes out, or BadLabels."""

import json
from collections.abc import Mapping
from random import Random

import msgspec
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.alerts.labels import (
    MAX_ANNOTATION_CHARACTERS,
    MAX_ANNOTATIONS_BYTES,
    MAX_LABEL_SET_BYTES,
    MAX_LABELS,
    MAX_NAME_BYTES,
    BadLabels,
    canonical,
    decode_annotations,
    decode_labels,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FILLED = TEXT.filter(bool)
LABELS = st.dictionaries(FILLED, FILLED, min_size=1, max_size=6)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(LABELS, st.randoms(), st.sampled_from([None, 2]), st.booleans())
def test_order_spacing_and_escapes_do_not_matter(
    labels: Mapping[str, str], shuffler: Random, indent: int | None, escaped: bool
) -> None:
    items = list(labels.items())
    shuffler.shuffle(items)
    raw = json.dumps(dict(items), indent=indent, ensure_ascii=escaped).encode()
    assert canonical(decode_labels(raw)) == canonical(decode_labels(orjson.dumps(labels)))


@given(LABELS)
@example({"a\0b": "NUL sorts first", "aa": "its replacement last"})
@example({"a\0": "two names", "a\ufffd": "become one"})
def test_the_canonical_form_is_sorted_and_reads_back_as_itself(labels: Mapping[str, str]) -> None:
    clean = decode_labels(orjson.dumps(labels))
    assert list(clean) == sorted(clean)
    assert decode_labels(canonical(clean)) == clean


@given(st.binary(max_size=40) | ANY_JSON.map(json.dumps).map(str.encode))
@example(b'{"a":"\\ud800"}')
@example(b'{"a":"\\ud800 and more behind it"}')
@example(b'{"\\udc00":"x"}')
@example(b'{"a":"\xff"}')
@example(b'{"a":"\x00"}')
@example(b'{"a":' * 100_000)
def test_no_bytes_raise_anything_but_bad_labels(raw: bytes) -> None:
    try:
        labels = decode_labels(raw)
    except BadLabels:
        return
    assert orjson.loads(canonical(labels)) == labels
    assert labels
    assert all(isinstance(value, str) and value for value in labels.values())


@pytest.mark.parametrize("raw", [b"null", b"[]", b'"a"', b'{"a":1}', b'{"a":{}}', b"", b"{"])
def test_labels_are_an_object_of_strings(raw: bytes) -> None:
    with pytest.raises(BadLabels, match="object of strings"):
        decode_labels(raw)


@pytest.mark.parametrize("empty", [b"{}", b'{"a":""}', b'{"a":null}', b'{"":""}'])
def test_a_label_set_must_name_something(empty: bytes) -> None:
    with pytest.raises(BadLabels, match="at least one"):
        decode_labels(empty)


def test_an_empty_value_and_null_are_a_missing_label() -> None:
    assert decode_labels(b'{"a":"1","b":"","c":null}') == {"a": "1"}


def test_nul_is_replaced_in_names_and_values() -> None:
    assert decode_labels(b'{"a\\u0000":"x\\u0000y"}') == {"a\ufffd": "x\ufffdy"}


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(BadLabels, match="name is empty"):
        decode_labels(b'{"":"x"}')


def test_a_name_is_bounded_in_bytes() -> None:
    name = "é" * (MAX_NAME_BYTES // 2)
    assert decode_labels(orjson.dumps({name: "x"})) == {name: "x"}
    with pytest.raises(BadLabels, match="longer than"):
        decode_labels(orjson.dumps({name + "x": "x"}))


def test_a_label_set_is_bounded_in_number_and_bytes() -> None:
    most = {f"l{number}": "x" for number in range(MAX_LABELS)}
    assert len(decode_labels(orjson.dumps(most))) == MAX_LABELS
    with pytest.raises(BadLabels, match="more than"):
        decode_labels(orjson.dumps({**most, "one_more": "x"}))
    with pytest.raises(BadLabels, match="more than"):
        decode_labels(orjson.dumps({"a": "x" * MAX_LABEL_SET_BYTES}))


@given(st.binary(max_size=40) | ANY_JSON.map(json.dumps).map(str.encode))
@example(b"[" * 100_000)
@example(b'{"a":' + b"[" * 900 + b"]" * 900 + b"}")
def test_annotations_are_never_refused(raw: bytes) -> None:
    found = decode_annotations(raw)
    assert all("\0" not in name + value for name, value in found.items())
    assert msgspec.json.decode(orjson.dumps(found)) == found


def test_annotations_that_are_not_text_are_shown_as_json() -> None:
    raw = b'{"a":1,"b":{"c":[true,null]},"d":null,"e":"text"}'
    assert decode_annotations(raw) == {"a": "1", "b": '{"c":[true,null]}', "e": "text"}


def test_annotations_beyond_all_measure_are_left_out_unread() -> None:
    raw = b'{"a":"b","c":"%b"}' % (b"x" * MAX_ANNOTATIONS_BYTES)
    assert decode_annotations(raw) == {}


def test_a_long_annotation_is_cut() -> None:
    raw = orjson.dumps({"a": "x" * (MAX_ANNOTATION_CHARACTERS + 1)})
    assert len(decode_annotations(raw)["a"]) == MAX_ANNOTATION_CHARACTERS
