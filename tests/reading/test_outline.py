"""The outline of a JSON text is the same wherever its pieces end."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.delivery.steps import at_once
from gateway.reading.outline import (
    PIECE_BYTES,
    commas_at,
    deeper_than,
    more_values_than,
    pieces_of,
)
from gateway.reading.surrogates import without_lone_surrogates

TRICKY = st.text(st.sampled_from('[]{},"\\aü'), max_size=6)
JSON = st.recursive(
    st.none() | st.integers() | TRICKY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRICKY, inner, max_size=3),
)
PADDING = st.integers(PIECE_BYTES - 40, PIECE_BYTES + 2)


def commas_of(value: Any, level: int, depth: int = 1) -> int:
    """Between what stands in *value*, *level* deep."""
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return 0
    here = max(0, len(inner) - 1) if depth == level else 0
    return here + sum(commas_of(each, level, depth + 1) for each in inner)


@given(value=JSON, padding=PADDING, level=st.integers(1, 4))
def test_commas_are_counted_at_their_level_across_pieces(
    value: Any, padding: int, level: int
) -> None:
    value = ["x" * padding, value]
    text = json.dumps(value, ensure_ascii=False).encode()
    assert at_once(commas_at(text, level, 1000)) == commas_of(value, level)


@given(value=JSON, padding=PADDING)
def test_depth_is_the_same_across_pieces(value: Any, padding: int) -> None:
    short, long = (json.dumps([pad, value]).encode() for pad in ("", "x" * padding))
    for levels in range(1, 6):
        assert at_once(deeper_than(short, levels)) == at_once(deeper_than(long, levels))


def test_counting_ends_beyond_what_is_asked() -> None:
    text = b"[" + b"0," * 1_000_000 + b"0]"
    assert 10 < at_once(commas_at(text, 1, 10)) <= PIECE_BYTES


@pytest.mark.parametrize(("most", "more"), [(100, True), (150_000, True), (400_000, False)])
def test_values_are_brackets_and_commas_outside_of_strings(most: int, more: bool) -> None:
    text = b"[" + b'{"a":",,,,[[[["},' * 100_000 + b"0]"
    assert at_once(more_values_than(text, most)) is more


@given(text=st.binary(max_size=300).map(lambda some: some.replace(b"a", b"\\")))
def test_pieces_are_the_whole_text(text: bytes) -> None:
    long = b"\\" * (PIECE_BYTES - 150) + text + b"\\" * PIECE_BYTES
    assert b"".join(pieces_of(long)) == long


@pytest.mark.parametrize("shift", range(30))
def test_surrogates_are_told_apart_across_pieces(shift: int) -> None:
    written = rb"\ud800\ud83d\ude00\udc00\\ud800\\\ud800\ud83d\ude00"
    meant = "\ufffd\U0001f600\ufffd\\ud800\\\ufffd\U0001f600"
    text = b'"' + b"x" * (PIECE_BYTES - shift) + written + b'"'
    assert json.loads(at_once(without_lone_surrogates(text))).lstrip("x") == meant
