"""Bytes of a body before any adapter looks at its fields."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.delivery.source import MalformedPayload
from gateway.intake.delivery.steps import at_once
from gateway.reading.payload import MAX_DEPTH, pointer_to, tidy_link, tidy_name, well_formed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def depth_of(value: Any) -> int:
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 0


@given(value=JSON, wraps=st.lists(st.booleans(), max_size=MAX_DEPTH + 2))
def test_exactly_what_is_nested_too_deeply_is_refused(value: Any, wraps: list[bool]) -> None:
    for as_list in wraps:
        value = [value, "]}[{"] if as_list else {'"[': value}
    text = json.dumps(value).encode()
    if depth_of(value) <= MAX_DEPTH:
        assert at_once(well_formed(text)) == text
    else:
        with pytest.raises(MalformedPayload) as refused:
            at_once(well_formed(text))
        assert refused.value.code == "too_deep"


@given(units=st.lists(st.integers(0xD780, 0xE07F) | st.integers(0, 0x7F), max_size=12))
def test_surrogates_that_pair_stay_and_others_become_the_replacement_character(
    units: list[int],
) -> None:
    text = b'"' + b"".join(rb"\u%04x" % unit for unit in units) + b'"'
    utf16 = b"".join(unit.to_bytes(2, "little") for unit in units)
    expected = "".join(
        "\ufffd" if "\ud800" <= character <= "\udfff" else character
        for character in utf16.decode("utf-16-le", errors="surrogatepass")
    )
    assert json.loads(at_once(well_formed(text))) == expected


def test_text_without_surrogates_is_not_touched() -> None:
    text = '{"a": "ü \\\\ud800 \\ud83d\\ude00 \\u0041"}'.encode()
    assert at_once(well_formed(text)) == text


def test_a_pointer_escapes_what_rfc_6901_escapes() -> None:
    assert pointer_to("labels", "a/b~c") == "/labels/a~1b~0c"


def test_a_link_or_name_too_long_to_keep_is_dropped_whole() -> None:
    assert tidy_link("https://" + "x" * 8184) == "https://" + "x" * 8184
    assert tidy_link("https://" + "x" * 8185) == ""
    assert tidy_name("f" * 256) == "f" * 256
    assert tidy_name("f" * 257) == ""
    assert (tidy_link("a\0b"), tidy_name("a\0b")) == ("a\ufffdb", "a\ufffdb")
